import JSON
import Testing
import Transport

@testable import Gateway

@Suite("ClientMember")
struct ClientMemberTests {
    @Test(
        "the longest addresses and short ones are whole",
        arguments: [
            "255.255.255.255:65535", "10.0.0.1:80", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535", "[::1]:1",
        ]
    )
    func whole(address: String) throws {
        let member = ClientMember(try #require(SocketAddress(parsing: address)))
        let isEmpty = member.isEmpty
        #expect(!isEmpty)
        var line = JSONLine()
        line.begin()
        line.member("a", 1)
        member.append(to: &line)
        line.end()
        #expect(line.bytes == Array("{\"a\":1,\"client\":\"\(address)\"}\n".utf8))
    }

    @Test("without an address there is no member")
    func none() {
        let member = ClientMember()
        let isEmpty = member.isEmpty
        #expect(isEmpty)
        var line = JSONLine()
        line.begin()
        member.append(to: &line)
        line.end()
        #expect(line.bytes == Array("{}\n".utf8))
    }
}
