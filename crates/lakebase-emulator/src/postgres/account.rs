//! Chooses the user that servers run as: PostgreSQL refuses to run as root.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

/// A user other than the emulator's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) name: String,
    user: u32,
    group: u32,
}

impl Account {
    /// `None` where the emulator does not run as root, and servers run as its own user.
    ///
    /// # Errors
    ///
    /// When there is no such user, or root is asked for.
    pub(crate) fn choose(name: Option<&str>) -> Result<Option<Account>, String> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let candidates = name.map_or_else(|| vec!["postgres", "nobody"], |name| vec![name]);
        let found = candidates.iter().find_map(|name| parse(&users, name));
        match found {
            Some(account) if account.user != 0 => Ok(Some(account)),
            _ => Err(format!(
                "PostgreSQL does not run as root, and /etc/passwd has no other user named {}: choose \
                 one with --postgres-user",
                candidates.join(" or ")
            )),
        }
    }

    /// Lets a command run as this user, with no other group than its own.
    pub(crate) fn run(&self, command: &mut Command) {
        command.uid(self.user).gid(self.group);
    }

    /// Gives a directory or a file to this user.
    pub(crate) fn own(&self, path: &Path) -> std::io::Result<()> {
        std::os::unix::fs::lchown(path, Some(self.user), Some(self.group))
    }
}

fn parse(users: &str, name: &str) -> Option<Account> {
    let fields = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let found = fields.into_iter().find(|fields| fields.first() == Some(&name))?;
    Some(Account {
        name: name.to_owned(),
        user: found.get(2)?.parse().ok()?,
        group: found.get(3)?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_is_read_from_the_list_of_users() {
        let users = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65533::/:/sbin/nologin\nodd\n";
        let nobody = Account { name: "nobody".to_owned(), user: 65534, group: 65533 };
        assert_eq!(parse(users, "nobody"), Some(nobody));
        assert_eq!(parse(users, "odd"), None);
        assert_eq!(parse(users, "postgres"), None);
    }
}
