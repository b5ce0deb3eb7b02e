//! Is that this machine? One answer for addresses and one for the names of hosts, whoever asks.

use std::net::IpAddr;

/// Is this an address of the loopback interface? An IPv4 one may be written as IPv6, as `::ffff:127.0.0.1`.
pub fn is_this_machine(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// Does the host of a URL or of a `Host` header, without its port, mean this machine: `localhost`, `127.0.0.1`, `[::1]`?
pub fn names_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(is_this_machine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_many_names() {
        let here = "localhost LOCALHOST 127.8.9.1 [::1] ::1 [::ffff:127.0.0.1]";
        assert!(here.split(' ').all(names_this_machine));
        let elsewhere = " localhost.example.com 128.0.0.1 [::2] 0.0.0.0 ::ffff:8.8.8.8";
        assert!(!elsewhere.split(' ').any(names_this_machine));
    }
}
