from django.dispatch import Signal

# Sent with ``user`` when somebody first signs in by a link to the address of an account. Whoever had the account before
# may not have had the address: a receiver ends what else they have, such as tokens of an API. It runs in the
# transaction of the sign-in. docs/threat-model.md has one for allauth.
address_proven = Signal()
