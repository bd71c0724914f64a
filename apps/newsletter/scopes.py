"""What a link of this app may do. Outstanding links carry these strings: renaming one kills them."""

SUBSCRIBE = "newsletter.subscribe"
CONFIRM = "newsletter.confirm"
UNSUBSCRIBE = "newsletter.unsubscribe"

# A permission, granted by access tokens.
PREVIEW = "newsletter.preview_issue"
