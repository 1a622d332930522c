### Letters and codes sent by e-mail.

mail-code-sent = We sent a code to your security e-mail.
mail-code-not-yet = No further code can be sent yet. Wait a little, or use another way.
mail-code-expired = That code is no longer valid. Ask for another one.
