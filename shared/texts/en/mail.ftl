### Letters and codes sent by e-mail.
