//! Trees of chance: files made of the pieces that real ones are made of, and of those that nobody should write.

use super::tree::Tree;
use super::trial::Dice;

const FACILITIES: [&str; 12] = [
    "auth", "auth", "auth", "auth", "account", "account", "account", "-auth", "-account", "AUTH", "session", "atuh",
];
const CONTROLS: [&str; 24] = [
    "required",
    "required",
    "requisite",
    "sufficient",
    "optional",
    "Required",
    "requird",
    "[success=1 default=ignore]",
    "[success=2 default=bad]",
    "[success=ok ignore=ignore default=die]",
    "[success=done new_authtok_reqd=done default=ignore]",
    "[success=ok default=1]",
    "[default=ok]",
    "[default=done]",
    "[success=reset default=bad]",
    "[default=reset]",
    "[success=3 auth_err=die default=ignore]",
    "[ignore=1 default=ok]",
    "[new_authtok_reqd=die success=ok]",
    "[success=okignore=1default=bad]",
    "[success=0]",
    "[]",
    "[success=7 default=die]",
    "[required]",
];
const MODULES: [&str; 9] = [
    "pam_samekey.so",
    "pam_samekey.so timeout=5",
    "pam_unix.so nullok",
    "pam_sss.so use_first_pass",
    "pam_env.so",
    "pam_localuser.so # told",
    "pam_permit.so",
    "pam_deny.so",
    "pam_gone.so",
];
const FILES: [&str; 4] = ["sshd", "one", "two", "three"];

/// A service of up to four files that may name each other downwards.
pub fn tree(dice: &mut Dice) -> Tree {
    let mut tree = Tree {
        name: "generated".to_owned(),
        service: "sshd".to_owned(),
        missing: vec!["pam_gone.so".to_owned()],
        ..Tree::default()
    };
    for (number, file) in FILES.iter().enumerate() {
        let lines = dice.roll(6) + u64::from(number == 0) * 3;
        let text: String = (0..lines).map(|_| line(dice, &FILES[number + 1..])).collect();
        tree.files.insert(format!("/etc/pam.d/{file}"), text);
    }
    let other = "auth required pam_deny.so\naccount required pam_deny.so\n";
    tree.files.insert("/etc/pam.d/other".to_owned(), other.to_owned());
    tree
}

fn line(dice: &mut Dice, below: &[&str]) -> String {
    let facility = dice.pick(&FACILITIES);
    match dice.roll(16) {
        0..4 if !below.is_empty() => {
            let file = dice.pick(below);
            match dice.roll(5) {
                0 => format!("@include {file}\n"),
                1 => format!("{facility} include {file}\n"),
                _ => format!("{facility} substack {file}\n"),
            }
        }
        4 => match dice.roll(9) {
            0 => "# a comment \\\n".to_owned(),
            1 => format!("{facility}\n"),
            2 => format!("{facility} required\n"),
            3 => format!("{facility} include nowhere\n"),
            4 => format!("{facility} substack nowhere\n"),
            5 => "@include nowhere\n".to_owned(),
            6 => "auth substack\n".to_owned(),
            7 => "  \\\n".to_owned(),
            _ => format!("{facility} required .so\n"),
        },
        5 => format!(
            "{facility} \\\n  {} \\\n# between\n {}\n",
            dice.pick(&CONTROLS),
            dice.pick(&MODULES)
        ),
        _ => format!("{facility}\t{} {}\n", dice.pick(&CONTROLS), dice.pick(&MODULES)),
    }
}
