import Glibc
import Testing

@testable import Transport

@Suite("SocketAddress")
struct SocketAddressTests {
    @Test(
        "reads what it writes",
        arguments: [
            "127.0.0.1:8080", "0.0.0.0:0", "255.255.255.255:65535", "[::1]:443", "[::]:0", "[2001:db8::7]:65535",
            "[::ffff:10.0.0.1]:1",
        ]
    )
    func roundTrip(text: String) throws {
        let address = try #require(SocketAddress(parsing: text))
        #expect(address.description == text)
        #expect(SocketAddress(literal: address.host, port: address.port) == address)
    }

    @Test(
        "takes nothing else for an address",
        arguments: [
            "", ":", "127.0.0.1", "127.0.0.1:", ":80", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+80",
            "127.0.0.1: 80", "127.0.0.1:80 ", " 127.0.0.1:80", "127.1:80", "127.0.0.256:80", "localhost:80",
            "[::1]", "[::1]:", "[::1]80", "[::1:80", "::1]:80", "::1:80", "1::2:3", "[127.0.0.1]:80", "[]:80",
            "[[::1]]:80", "[fe80::1%lo]:80",
        ]
    )
    func refused(text: String) {
        #expect(SocketAddress(parsing: text) == nil)
    }

    @Test("a literal is an address without brackets or port")
    func literals() {
        #expect(SocketAddress(literal: "10.0.0.1", port: 7) == SocketAddress(ip: [10, 0, 0, 1], port: 7))
        #expect(SocketAddress(literal: "::1", port: 7)?.ip == [UInt8](repeating: 0, count: 15) + [1])
        for text in ["", "[::1]", "localhost", "10.0.0.1:80", "10.0.0"] {
            #expect(SocketAddress(literal: text, port: 7) == nil, "\(text)")
        }
    }

    @Test(
        "knows loopback addresses",
        arguments: [
            ("127.0.0.1", true), ("127.255.0.9", true), ("128.0.0.1", false), ("0.0.0.0", false), ("::1", true),
            ("::2", false), ("::", false),
        ]
    )
    func loopback(text: String, expected: Bool) {
        #expect(SocketAddress(literal: text, port: 0)?.isLoopback == expected)
    }

    @Test("survives the kernel's own form", arguments: ["127.0.0.1:8080", "[2001:db8::7]:65535"])
    func sockaddr(text: String) throws {
        let address = try #require(SocketAddress(parsing: text))
        let copy = address.withSockaddr { pointer, length in
            let expected = address.ip.count == 4 ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
            #expect(Int(length) == expected)
            return SocketAddress(sockaddr: UnsafeRawPointer(pointer))
        }
        #expect(copy == address)
        var other = Glibc.sockaddr()
        other.sa_family = sa_family_t(AF_UNIX)
        #expect(withUnsafePointer(to: &other) { SocketAddress(sockaddr: UnsafeRawPointer($0)) } == nil)
    }

    @Test("with another port it is the same address")
    func withPort() throws {
        let address = try #require(SocketAddress(parsing: "[::1]:1"))
        #expect(address.withPort(2).description == "[::1]:2")
    }

    @Test("an IP of neither length traps")
    func lengths() async {
        await #expect(processExitsWith: .failure) { _ = SocketAddress(ip: [1, 2, 3], port: 1) }
    }
}
