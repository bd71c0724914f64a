"""What a link of this app may do. Outstanding links carry these strings: renaming one kills them."""

LOGIN = "accounts.login"
SIGNUP = "accounts.signup"
NOT_ME = "accounts.not_me"
CHANGE_ADDRESS = "accounts.change_address"
