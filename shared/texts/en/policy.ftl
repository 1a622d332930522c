### Policy and settings, as people and administrators read them.

policy-level-none = None
policy-level-single = Password only
policy-level-medium = Medium
policy-level-high = High
policy-level-highest = Highest
policy-level-hardware = Hardware
policy-method-passkey = Passkey
policy-method-security-key = Security key
policy-method-totp = Authenticator app
policy-method-email = Security e-mail
policy-method-recovery-code = Recovery code
policy-advice-passkey = Strongest and quickest: your fingerprint, face or PIN signs you in, and imitated pages get nothing.
policy-advice-security-key = Resists imitated pages: insert it and touch it. Good as a spare, kept away from the phone.
policy-advice-totp = Recommended as the primary method where passkeys cannot be used: a code from an app, also without network.
policy-advice-email = A backup for emergency sign-in, when your device is not at hand.
policy-advice-recovery-code = For the day your phone is lost: print them, and keep them where the phone is not.
policy-needs-passkey = Needs a phone, computer or security key that can hold passkeys, and a browser that supports them.
policy-needs-security-key = Needs a FIDO2 or U2F key for USB or NFC.
policy-needs-totp = Needs any authenticator app, on a phone or computer of yours.
policy-needs-email = Needs an e-mail address that you can read without this account.
policy-needs-recovery-code = Needs paper, or a safe place for ten codes.
