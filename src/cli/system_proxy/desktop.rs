//! Where each desktop keeps its proxy, as tables of settings that can be read and written.
//!
//! Pure: a setting says which command reads it, how the answer is understood and which command
//! writes it. Running them is [`super`]'s business.

use std::net::SocketAddr;

/// A desktop whose proxy settings we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Desktop {
    /// GNOME and those that read its settings (Cinnamon, Unity, Budgie).
    Gnome,
    /// KDE Plasma.
    Kde,
    /// macOS; its settings are those of one network service.
    MacOs,
    /// Windows, for the current user.
    Windows,
}

/// One value that the system keeps.
#[derive(Debug)]
pub(super) struct Setting {
    /// Its name in what we save and print.
    pub(super) name: &'static str,
    /// The command that prints it.
    pub(super) read: Vec<String>,
    /// What it should be while wiretape is the proxy.
    pub(super) on: String,
    /// What it is where nothing was saved.
    pub(super) off: &'static str,
    write: Vec<String>,
    form: Form,
}

/// How a value is printed by the system.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// The whole output, trimmed.
    Whole,
    /// `REG_SZ` or `REG_DWORD` and then the value.
    Registry,
    /// `Enabled: Yes`, `Server: h`, `Port: 1`; our value is `Yes h 1`.
    NetworkSetup,
}

impl Desktop {
    /// The desktop of this session; none where we know no command for it.
    pub(super) fn here(environment: &dyn Fn(&str) -> Option<String>) -> Option<Self> {
        if cfg!(target_os = "macos") {
            return Some(Self::MacOs);
        }
        if cfg!(windows) {
            return Some(Self::Windows);
        }
        let names = environment("XDG_CURRENT_DESKTOP")?.to_ascii_lowercase();
        let is = |known: &[&str]| names.split(':').any(|name| known.contains(&name));
        if is(&["kde"]) {
            Some(Self::Kde)
        } else if is(&["gnome", "unity", "budgie", "cinnamon", "x-cinnamon", "pantheon"]) {
            Some(Self::Gnome)
        } else {
            None
        }
    }

    /// Its settings, in the order in which they are to be written.
    pub(super) fn settings(self, proxy: SocketAddr) -> Vec<Setting> {
        let (host, port) = (proxy.ip().to_string(), proxy.port().to_string());
        match self {
            Self::Gnome => vec![
                gnome("http-host", "org.gnome.system.proxy.http host", format!("'{host}'"), "''"),
                gnome("http-port", "org.gnome.system.proxy.http port", port.clone(), "0"),
                gnome("https-host", "org.gnome.system.proxy.https host", format!("'{host}'"), "''"),
                gnome("https-port", "org.gnome.system.proxy.https port", port, "0"),
                gnome("mode", "org.gnome.system.proxy mode", "'manual'".into(), "'none'"),
            ],
            Self::Kde => vec![
                kde("httpProxy", format!("http://{host} {port}"), ""),
                kde("httpsProxy", format!("http://{host} {port}"), ""),
                kde("ProxyType", "1".into(), "0"),
            ],
            Self::MacOs => vec![
                mac("webproxy", format!("Yes {host} {port}")),
                mac("securewebproxy", format!("Yes {host} {port}")),
            ],
            Self::Windows => vec![
                registry("ProxyServer", "REG_SZ", proxy.to_string(), ""),
                registry("ProxyEnable", "REG_DWORD", "1".into(), "0"),
            ],
        }
    }
}

impl Setting {
    /// The value in what the read command printed.
    pub(super) fn parse(&self, output: &str) -> String {
        match self.form {
            Form::Whole => output.trim().to_owned(),
            Form::Registry => {
                let value = output
                    .split("REG_")
                    .nth(1)
                    .and_then(|rest| rest.split_once(char::is_whitespace));
                let text = value.map_or("", |(_, value)| value.trim());
                match text.strip_prefix("0x").map(|hex| u32::from_str_radix(hex, 16)) {
                    Some(Ok(number)) => number.to_string(),
                    _ => text.to_owned(),
                }
            }
            Form::NetworkSetup => {
                let field = |name: &str| {
                    output
                        .lines()
                        .find_map(|line| line.strip_prefix(name))
                        .unwrap_or("")
                        .trim()
                        .to_owned()
                };
                format!("{} {} {}", field("Enabled:"), field("Server:"), field("Port:"))
            }
        }
    }

    /// The commands that make it `value`.
    pub(super) fn commands(&self, value: &str) -> Vec<Vec<String>> {
        if let Form::NetworkSetup = self.form {
            return self.network_setup(value);
        }
        let mut command = self.write.clone();
        for part in &mut command {
            if part == VALUE {
                value.clone_into(part);
            }
        }
        vec![command]
    }

    /// macOS has one command for the address and one for the switch.
    fn network_setup(&self, value: &str) -> Vec<Vec<String>> {
        let mut fields = value.split(' ');
        let enabled = fields.next().unwrap_or("No");
        let (server, port) = (fields.next().unwrap_or(""), fields.next().unwrap_or(""));
        let set = |what: String, rest: &[&str]| {
            let mut command = vec!["networksetup".to_owned(), what, MAC_SERVICE.to_owned()];
            command.extend(rest.iter().map(|part| (*part).to_owned()));
            command
        };
        let mut commands = Vec::new();
        if !server.is_empty() {
            commands.push(set(format!("-set{}", self.name), &[server, port]));
        }
        let switch = if enabled == "Yes" { "on" } else { "off" };
        commands.push(set(format!("-set{}state", self.name), &[switch]));
        commands
    }
}

/// Stands in a write command for the value.
const VALUE: &str = "{value}";
/// The network service of nearly every Mac.
const MAC_SERVICE: &str = "Wi-Fi";
const KDE_FILE: [&str; 5] = ["--file", "kioslaverc", "--group", "Proxy Settings", "--key"];
const INTERNET: &str = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Internet Settings";

fn words(parts: &[&str]) -> Vec<String> {
    parts.iter().map(|part| (*part).to_owned()).collect()
}

fn gnome(name: &'static str, key: &str, on: String, off: &'static str) -> Setting {
    let (schema, key) = key.split_once(' ').unwrap_or((key, ""));
    Setting {
        name,
        read: words(&["gsettings", "get", schema, key]),
        write: words(&["gsettings", "set", schema, key, VALUE]),
        on,
        off,
        form: Form::Whole,
    }
}

fn kde(name: &'static str, on: String, off: &'static str) -> Setting {
    let command =
        |tool: &str, rest: &[&str]| words(&[&[tool], &KDE_FILE[..], &[name], rest].concat());
    Setting {
        name,
        read: command("kreadconfig6", &[]),
        write: command("kwriteconfig6", &[VALUE]),
        on,
        off,
        form: Form::Whole,
    }
}

fn mac(name: &'static str, on: String) -> Setting {
    let read = vec!["networksetup".to_owned(), format!("-get{name}"), MAC_SERVICE.to_owned()];
    Setting { name, read, write: Vec::new(), on, off: "No", form: Form::NetworkSetup }
}

fn registry(name: &'static str, kind: &str, on: String, off: &'static str) -> Setting {
    Setting {
        name,
        read: words(&["reg", "query", INTERNET, "/v", name]),
        write: words(&["reg", "add", INTERNET, "/v", name, "/t", kind, "/d", VALUE, "/f"]),
        on,
        off,
        form: Form::Registry,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy() -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 7070))
    }

    #[test]
    fn gnome_is_switched_on_last_and_keeps_its_quotes() {
        let settings = Desktop::Gnome.settings(proxy());
        let last = settings.last().expect("settings");
        let expected = ["gsettings", "set", "org.gnome.system.proxy", "mode", "'manual'"];
        assert_eq!(last.commands(&last.on), [expected.map(str::to_owned).to_vec()]);
        assert_eq!(last.parse("'none'\n"), "'none'");
    }

    #[test]
    fn what_the_systems_print_is_what_they_take_back() {
        let mac = &Desktop::MacOs.settings(proxy())[0];
        let before =
            mac.parse("Enabled: No\nServer: old\nPort: 3128\nAuthenticated Proxy Enabled: 0\n");
        assert_eq!(before, "No old 3128");
        assert_eq!(mac.commands(&before)[0][1..], ["-setwebproxy", "Wi-Fi", "old", "3128"]);
        assert_eq!(mac.commands(&before)[1][1..], ["-setwebproxystate", "Wi-Fi", "off"]);
        let windows = &Desktop::Windows.settings(proxy())[1];
        assert_eq!(windows.parse("\r\n    ProxyEnable    REG_DWORD    0x1\r\n"), "1");
    }

    #[test]
    fn the_desktop_is_told_by_its_variable() {
        let here = |names: &str| Desktop::here(&|_| Some(names.to_owned()));
        if cfg!(target_os = "linux") {
            assert_eq!(here("ubuntu:GNOME"), Some(Desktop::Gnome));
            assert_eq!(here("KDE"), Some(Desktop::Kde));
            assert_eq!(here("sway"), None);
        }
    }
}
