import Testing
import Transport

@testable import Supervision

@Suite("Which socket is for whom")
struct SocketAssignmentTests {
    private let listen = SocketAddress(ip: [127, 0, 0, 1], port: 8_080)
    private let admin = SocketAddress(ip: [127, 0, 0, 1], port: 9_090)
    private let elsewhere = SocketAddress(ip: [10, 0, 0, 1], port: 8_080)

    private func assign(_ sockets: (name: String, address: SocketAddress)...) throws -> SocketAssignment {
        try SocketAssignment(
            sockets.map { SocketAssignment.Socket(name: $0.name, address: $0.address) },
            listen: listen,
            admin: admin
        )
    }

    @Test("names choose, wherever the sockets are bound")
    func named() throws {
        let assignment = try assign(("admin", listen), ("listen", elsewhere), ("listen", admin))
        #expect(assignment.listen == [1, 2])
        #expect(assignment.admin == 0)
        #expect(try assign(("listen", elsewhere)).admin == nil)
        #expect(try assign(("admin", elsewhere)).listen == [])
    }

    @Test("without a name that is known, the address decides", arguments: ["", "tollgate.socket", "unknown", "Listen"])
    func unnamed(_ name: String) throws {
        let assignment = try assign((name, admin), (name, listen), (name, listen))
        #expect(assignment.listen == [1, 2])
        #expect(assignment.admin == 0)
    }

    @Test("a socket for neither, and a second one for the admin side, are refused with their addresses")
    func refused() {
        let neither = #expect(throws: SupervisionFault.self) { try assign(("listen", listen), ("", elsewhere)) }
        #expect(neither?.description.contains("bound to 10.0.0.1:8080 was handed over") == true)
        #expect(neither?.description.contains("listen.address (127.0.0.1:8080)") == true)
        let two = #expect(throws: SupervisionFault.self) { try assign(("admin", elsewhere), ("", admin)) }
        #expect(two?.description.hasSuffix("takes one: 10.0.0.1:8080 and 127.0.0.1:9090") == true)
    }
}
