//! The mounts of this machine, from `/proc/self/mountinfo`, and which of them say something about a disk.

use std::path::Path;

/// One mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mount {
    /// `8:1`; the same for every bind mount of one file system.
    device: String,
    /// Which of its folders is mounted; `/` but for bind mounts.
    root: String,
    /// Where.
    pub(super) point: String,
    /// Options of this mount.
    options: String,
    /// `ext4`, `tmpfs` and so on.
    pub(super) kind: String,
    /// The device or server.
    pub(super) source: String,
    /// Options of the file system as a whole.
    super_options: String,
}

/// Kinds that hold no files of anybody's: their numbers mean nothing, or they are full by their nature.
const PSEUDO: &[&str] = &[
    "autofs",
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "debugfs",
    "devpts",
    "devtmpfs",
    "efivarfs",
    "erofs",
    "fusectl",
    "fuse.gvfsd-fuse",
    "fuse.lxcfs",
    "fuse.portal",
    "hugetlbfs",
    "iso9660",
    "mqueue",
    "nsfs",
    "proc",
    "pstore",
    "ramfs",
    "rpc_pipefs",
    "securityfs",
    "selinuxfs",
    "squashfs",
    "sysfs",
    "tracefs",
];

impl Mount {
    /// Whether nothing can be written through it.
    pub(super) fn is_read_only(&self) -> bool {
        has(&self.options, "ro") || has(&self.super_options, "ro")
    }

    /// Whether it was mounted to be written and the file system has since refused. Who mounts or remounts read-only on
    /// purpose sets both; the kernel, after an error, only the second.
    pub(super) fn has_become_read_only(&self) -> bool {
        has(&self.options, "rw") && (has(&self.super_options, "ro") || has(&self.super_options, "emergency_ro"))
    }

    /// Whether it is one of the system's own tmpfs, or one that only hides something; they matter only when full.
    pub(super) fn is_system_tmpfs(&self) -> bool {
        let system = ["/run", "/dev", "/sys", "/proc", "/var/lib/docker", "/var/lib/kubelet"];
        self.kind == "tmpfs" && (self.is_read_only() || system.iter().any(|folder| Path::new(&self.point).starts_with(folder)))
    }
}

fn has(options: &str, option: &str) -> bool {
    options.split(',').any(|o| o == option)
}

/// The mounts that can be reached: of several at one point only the last, which covers the others.
pub(super) fn parse(mountinfo: &str) -> Vec<Mount> {
    let mut mounts: Vec<Mount> = Vec::new();
    for mount in mountinfo.lines().filter_map(parse_line) {
        mounts.retain(|earlier| earlier.point != mount.point);
        mounts.push(mount);
    }
    mounts
}

/// Those with files in them, each file system once.
pub(super) fn worth_looking_at(mounts: Vec<Mount>) -> Vec<Mount> {
    let mut once: Vec<Mount> = Vec::new();
    for mount in mounts.into_iter().filter(|m| !PSEUDO.contains(&m.kind.as_str()) && (m.kind != "overlay" || m.point == "/")) {
        match once.iter_mut().find(|other| other.device == mount.device) {
            // The mount of the whole, at the shorter path, is the one people know it by.
            Some(other) if (mount.root.len(), mount.point.len()) < (other.root.len(), other.point.len()) => *other = mount,
            Some(_) => {}
            None => once.push(mount),
        }
    }
    once.sort_by(|a, b| a.point.cmp(&b.point));
    once
}

/// The mount that holds a path without symbolic links in it.
pub(super) fn holding(mounts: Vec<Mount>, path: &Path) -> Option<Mount> {
    mounts.into_iter().filter(|mount| path.starts_with(&mount.point)).max_by_key(|mount| mount.point.len())
}

fn parse_line(line: &str) -> Option<Mount> {
    // id parent device root point options [optional fields…] - kind source super-options
    let (front, back) = line.split_once(" - ")?;
    let mut front = front.split(' ').skip(2);
    let mut back = back.splitn(3, ' ');
    Some(Mount {
        device: front.next()?.to_owned(),
        root: unescape(front.next()?),
        point: unescape(front.next()?),
        options: front.next()?.to_owned(),
        kind: back.next()?.to_owned(),
        source: unescape(back.next()?),
        super_options: back.next().unwrap_or_default().to_owned(),
    })
}

/// The kernel writes space, tab, newline and backslash as `\040` and so on.
fn unescape(text: &str) -> String {
    text.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTINFO: &str = "\
22 27 0:21 / /proc rw,relatime - proc proc rw
25 24 0:23 / /dev/shm rw,relatime - tmpfs tmpfs rw,size=100k
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,errors=remount-ro
28 27 254:0 /var/log /mnt/logs rw,relatime - ext4 /dev/vda rw
30 25 0:27 / /dev/shm rw,relatime - tmpfs tmpfs rw,size=200k
31 27 0:40 / /mnt/a\\040b rw,relatime master:2 propagate_from:1 - tmpfs none rw,size=64k
32 27 7:1 / /snap/core/1 ro,nodev - squashfs /dev/loop1 ro
33 27 0:50 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw,lowerdir=/a - b
";

    #[test]
    fn each_real_file_system_is_looked_at_once() {
        let mounts = worth_looking_at(parse(MOUNTINFO));
        let seen: Vec<(&str, &str)> = mounts.iter().map(|m| (m.point.as_str(), m.device.as_str())).collect();
        assert_eq!(seen, [("/", "254:0"), ("/dev/shm", "0:27"), ("/mnt/a b", "0:40")]);
        assert_eq!(mounts.iter().map(Mount::is_system_tmpfs).collect::<Vec<_>>(), [false, true, false]);
    }

    #[test]
    fn a_path_belongs_to_the_deepest_mount_above_it() {
        let point = |path: &str| holding(parse(MOUNTINFO), Path::new(path)).map(|m| m.point);
        assert_eq!(point("/mnt/logs/x"), Some("/mnt/logs".to_owned()));
        assert_eq!(point("/mnt/logsx"), Some("/".to_owned()));
        assert_eq!(point("/mnt/a b/c"), Some("/mnt/a b".to_owned()));
    }

    #[test]
    fn only_the_kernel_sets_a_file_system_read_only_alone() {
        let mount = |options: &str, of_all: &str| parse(&format!("1 1 8:1 / /x {options} - ext4 /dev/sda {of_all}")).remove(0);
        assert!(mount("rw,noatime", "ro,errors=remount-ro").has_become_read_only());
        assert!(mount("rw", "rw,emergency_ro").has_become_read_only());
        assert!(!mount("ro", "rw").has_become_read_only() && mount("ro", "rw").is_read_only());
        assert!(!mount("ro", "ro,errors=remount-ro").has_become_read_only());
        assert!(!mount("rw", "rw,errors=remount-ro").is_read_only());
    }
}
