"""The profile of authselect, turned on and off in a root where the rpm packages are installed; see `rpm` beside."""
import glob, os
from steps import PASSWORD, Agent, Person, held, run

SUDO = "auth substack system-auth\naccount include system-auth\nsession include system-auth\n"


def main():
    # Debian's libpam looks elsewhere than Fedora's.
    os.symlink(glob.glob("/usr/lib64/security/pam_samekey.so")[0], os.path.dirname(glob.glob("/usr/lib/*/security/pam_unix.so")[0]) + "/pam_samekey.so")
    run("ldconfig")
    open("/etc/pam.d/sudo", "w").write(SUDO)
    alice = Person("alice", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
    run("samekey", "init", "--realm", "example.org")
    agent = Agent()
    alice.bind()
    run("authselect", "select", "samekey", "--force")
    held("the profile without its feature asks for the password alone", alice.sudo([PASSWORD], "id", "-un") is not None)
    for features in [["with-samekey"], ["with-samekey", "with-faillock"]]:
        said = run("authselect", "select", "samekey", *features).stdout
        held(f"authselect takes {' '.join(features)}, and says what to see to", "samekey init" in said)
        held("it stands as authselect wrote it", run("authselect", "check", check=False).returncode == 0)
        held("sudo with a wrong code is refused", alice.sudo([PASSWORD, "000000"], "id", "-un") is None)
        out = alice.sudo([PASSWORD, alice.code()], "id", "-un")
        held("and with password and code let through", out is not None and "root" in out)
    agent.stop()
    held("without the agent it is refused", alice.sudo([PASSWORD, "000000"], "id", "-un") is None)


main()
