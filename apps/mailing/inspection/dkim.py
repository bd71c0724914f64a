"""What a DKIM-Signature says about itself (RFC 6376). Whether it is true takes the sender's DNS."""

import re

# RFC 8058, section 4: a provider posts to no address that anybody could have written in on the way.
COVERED = ("From", "List-Unsubscribe", "List-Unsubscribe-Post")


def tags(value: str) -> dict[str, str]:
    """The tags of the header, without the white space that is allowed in them."""
    pairs = [tag.partition("=") for tag in re.sub(r"\s", "", value).split(";")]
    return {name: content for name, _, content in pairs}


def uncovered(signature: dict[str, str]) -> list[str]:
    """The headers it should sign and does not."""
    signed = signature.get("h", "").lower().split(":")
    return [name for name in COVERED if name.lower() not in signed]


def is_aligned(signer: str, domain: str) -> bool:
    """True if the signing domain stands for the sender's, as DMARC's relaxed mode has it, without a suffix list."""
    # Without that list "co.uk" cannot be told from "example.com"; it takes for a domain what has a dot.
    return "." in signer and (signer == domain or domain.endswith(f".{signer}") or signer.endswith(f".{domain}"))
