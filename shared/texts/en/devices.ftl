### Kinds of devices, their levels, and what to do with each.

devices-kind-totp = Authenticator app
devices-kind-recovery-codes = Recovery codes
devices-kind-passkey = Passkey
devices-kind-security-key = Security key
devices-kind-email = Security e-mail
devices-kind-ssh-key = SSH key
devices-bound-as-passkey = is bound as a passkey: it signs you in without a password, and confirms at a terminal.
devices-bound-as-security-key = is bound as a security key: a second factor after your password.
devices-bound = is bound.
devices-synced = synced
devices-can-be-synced = can be synced
devices-on-this-device = on this device only
devices-codes-left = { $left } left
devices-goes-after = Goes after { $successor } has signed once.
devices-used-on-the-web = { $moment }, on the web, from { $source }
devices-used-at-a-terminal = { $moment }, at a terminal, from { $source }
devices-used-by-command = { $moment }, by command, from { $source }
devices-slot-full = Unbind the existing device before binding a new one, or choose Replace.
devices-name-taken = You already have a device named { $name }. Choose another name.
devices-credential-taken = This key or passkey is bound already. Use another one.
devices-import = This key cannot be used.
devices-name-ascii = Only letters, digits, hyphens (-) and underscores (_) are allowed, from 1 to 64 of them, without accents.
devices-name-unicode = Only letters, digits, hyphens (-) and underscores (_) are allowed, from 1 to 64 of them.
devices-level-highest = Highest
devices-level-high = High
devices-level-medium = Medium
