### Letters and codes sent by e-mail.

mail-code-sent = We sent a code to your security e-mail.
mail-code-not-yet = No further code can be sent yet. Wait a little, or use another way.
mail-code-expired = That code is no longer valid. Ask for another one.
mail-hello = Hello { $login },
mail-subject = { $realm }: { $what }
mail-at-from = At { $time }, from { $source }.
mail-at = At { $time }.
mail-here = This letter tells of your account { $login } at { $realm }.
mail-not-me = This was not me
mail-not-me-text = If this was not you, open this link within 7 days. It ends everything that is signed in with your account, and holds changes of your devices.
mail-help = Questions? Contact { $contact }.
mail-nobody-asks = Nobody of us will ever ask you for a code. Do not pass it on.
mail-device-bound = A device was bound
mail-device-bound-text = A { $kind } named { $name } was bound to your account.
mail-device-unbound = A device was unbound
mail-device-unbound-text = The { $kind } named { $name } is no longer bound to your account. It is accepted nowhere any more.
mail-device-replaced = A device was replaced
mail-device-replaced-text = The { $kind } named { $old } is no longer bound to your account. In its place { $name } was bound.
mail-recovery-codes-made = New recovery codes were made
mail-recovery-codes-made-text = New recovery codes were made for your account. The ones before are void.
mail-recovery-code-used = A recovery code was used
mail-recovery-code-used-text = Somebody signed in to your account with one of your recovery codes. { $left ->
    [0] None is left: make new ones.
    [one] One is left.
   *[other] { $left } are left.
 }
mail-emergency-sign-in = Signed in with an e-mail code
mail-emergency-sign-in-text = Somebody signed in to your account with a code sent to your security e-mail, in the place of a device. Check your devices now.
mail-check-devices = Check your devices
mail-new-place = A sign-in from somewhere new
mail-new-place-text = Your account was signed in to from where it was never seen before: { $place }.
mail-new-place-unnamed-text = Your account was signed in to from where it was never seen before.
mail-locked-out = Too many wrong answers
mail-locked-out-text = There were too many wrong answers for your account. From there nobody can try again before { $time }.
mail-locked-out-for-good-text = There were too many wrong answers for your account. From there nobody can try again until you sign in from a place you used before, or an administrator unlocks it.
mail-administrator = An administrator changed your account
mail-administrator-by = This was done by { $by }.
mail-administrator-what = It concerns { $what }.
mail-act-locked = Your account was locked. You cannot sign in for now.
mail-act-unlocked = Your account was unlocked.
mail-act-disabled = Your account was disabled. You cannot sign in any more.
mail-act-enabled = Your account is active again.
mail-act-device-unbound = A device of yours was unbound. Bind another one at your next sign-in.
mail-act-device-bound = A device was bound to your account.
mail-act-ticket-issued = A ticket was made with which a device can be bound to your account. Ask your administrator for it.
mail-act-recovery-codes-made = New recovery codes were made for your account. The ones before are void.
mail-act-sessions-ended = Everything that was signed in with your account was signed out.
mail-act-rescued = For a while you can sign in without your device.
mail-act-role-changed = Your role was changed.
mail-act-password-set = Your password was set anew.
mail-act-changed = What we keep about your account was changed.
mail-act-released = You can change your devices again.
mail-deadline = A second factor becomes necessary
mail-deadline-text = { $days ->
    [0] From today on you can sign in only with a second factor, and none is bound to your account yet.
    [one] From tomorrow on you can sign in only with a second factor, and none is bound to your account yet.
   *[other] In { $days } days you can sign in only with a second factor, and none is bound to your account yet.
 }
mail-bind-now = Bind one now
mail-code = Your code: { $code }
mail-code-text = With this code you go on signing in. It is valid for { $minutes } minutes, and only there where you asked for it. Whoever asked for it knows your password.
mail-prove-address = Your code: { $code }
mail-prove-address-text = With this code you bind this address to your account, to verify that it is you. It is valid for { $minutes } minutes, and only there where you asked for it. If you did not ask for it, do nothing.
mail-confirm-address = Confirm your security e-mail
mail-confirm-address-text = Your administrator gave your account this address, to send you codes by which you can sign in when you cannot use your device. Confirm it within 24 hours; you will be asked to sign in. If you do not know that account, do nothing.
mail-confirm = Confirm this address
mail-objected = Everything was signed out
mail-objected-text = Somebody pressed "This was not me" in one of your letters. Everything that was signed in with your account was signed out, and your devices cannot be changed until you show a passkey or security key that was bound before, or an administrator allows it. If you were it, change your password now.
mail-somebody-objected = { $person } says: this was not me
mail-somebody-objected-text = { $person } pressed "This was not me" in a letter ({ $about }). The account's sessions, tokens, remembered browsers and approvals were ended, and its devices cannot be changed by its person. Look into it, have the password changed, then lift the hold.
mail-test = A letter to try
mail-test-text = This is a letter to try whether letters arrive.
mail-code-sent-to = We sent a code to { $to }. It is valid for { $minutes } minutes.
mail-code-label = Code from the e-mail
mail-code-again = Send another code
mail-code-link = I can't use my device
mail-emergency-done = Signed in with an e-mail code. Check your devices now.
mail-objection-title = Was this not you?
mail-objection-ask = Press the button if somebody else did what the letter tells of. Everything that is signed in with your account ends: sessions, applications, remembered browsers and logins that wait for approval. From then on your devices cannot be changed until you show a passkey or security key that was bound before, or an administrator allows it.
mail-objection-button = This was not me: sign out everywhere
mail-objection-done = Everything was signed out
mail-objection-done-text = Your account is signed out everywhere, and the administrators were told. Change your password now; if somebody bound a device, ask { $contact } to unbind it.
mail-objection-over = This link is no longer valid
mail-objection-over-text = It was used already, or is older than 7 days. If something is wrong with your account, ask { $contact }.
mail-security-title = Security e-mail
mail-security-hint = For an emergency: a code sent there lets you in where that proves enough, when you cannot use your device.
mail-security-profile = The e-mail address in your profile is for reference only; it is not used for verification.
mail-security-none = No address is bound.
mail-security-bind = Bind a security e-mail
mail-security-address = E-mail address
mail-security-send = Send code
mail-security-code-hint = Type the code from the letter. Look among unwanted mail too.
mail-security-finish = Bind address
mail-security-another = Use another address
mail-security-bound = The security e-mail is bound.
mail-security-full = Unbind the existing address before binding a new one.
mail-security-address-invalid = That is no e-mail address that letters can be sent to. Write it as name@example.org.
mail-security-off = Security e-mail is switched off here. Ask { $contact }.
mail-security-wrong = That code is not right. Type the newest code that was sent.
mail-security-used = That code was used already, or a newer one was sent. Type the newest.
mail-security-limit = This address cannot be bound to more accounts (limit { $limit }).
mail-security-link-over = This link is no longer valid: it is older than 24 hours, was used already, or is for another account. Ask { $contact } for another one.
mail-security-confirm-title = Confirm your security e-mail
mail-security-confirm-text = { $by } gave your account the security e-mail { $to }. Is it yours?
mail-security-confirm-button = Yes, bind it
