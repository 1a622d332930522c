### Security Information: devices, sessions, remembered browsers.
