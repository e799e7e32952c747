import Configuration
import Testing

@Suite("ListenAddress")
struct ListenAddressTests {
    @Test(
        "host:port and [v6]:port, port 0 included, are read and written alike",
        arguments: [
            ("127.0.0.1:8080", "127.0.0.1", 8080), ("0.0.0.0:0", "0.0.0.0", 0), ("[::1]:9090", "::1", 9090),
            ("[::]:0", "::", 0), ("[::ffff:127.0.0.1]:65535", "::ffff:127.0.0.1", 65535),
            ("localhost:80", "localhost", 80),
            ("gate-1.example_lan:443", "gate-1.example_lan", 443),
        ] as [(String, String, UInt16)]
    )
    func forms(_ text: String, _ host: String, _ port: UInt16) {
        let address = ListenAddress(parsing: text)
        #expect(address == ListenAddress(host: host, port: port))
        #expect(address?.description == text)
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", ":", ":80", "host", "host:", "host:x", "host:-1", "host:+1", "host:65536", "host: 80", "host:80 ",
            "ho st:80",
            "::1:80", "[::1]", "[::1]80", "[::1:80", "::1]:80", "[]:80", "[host]:80", "[127.0.0.1]:80", "[::1]x:80",
            "*:80",
            "http://host:80", "host/path:80", "h\u{f6}st:80", "[fe80::1%eth0]:80", "user@host:80", "host:80:",
        ]
    )
    func refused(_ text: String) { #expect(ListenAddress(parsing: text) == nil) }
}
