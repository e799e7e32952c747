import Testing

@testable import Supervision

@Suite("What is said of sockets that are handed over")
struct ActivationEnvironmentTests {
    private func read(_ identifier: String?, _ count: String?, _ names: String? = nil) throws(SupervisionFault)
        -> [ActivationEnvironment.Handed]
    {
        var environment: [String: String] = [:]
        environment["LISTEN_PID"] = identifier
        environment["LISTEN_FDS"] = count
        environment["LISTEN_FDNAMES"] = names
        return try ActivationEnvironment(environment, process: 4_711).sockets
    }

    private func handed(_ descriptor: Int32, _ name: String) -> ActivationEnvironment.Handed {
        ActivationEnvironment.Handed(descriptor: descriptor, name: name)
    }

    @Test("descriptors begin behind the standard streams, and names belong to them in order")
    func order() throws {
        #expect(try read("4711", "2") == [handed(3, ""), handed(4, "")])
        #expect(try read("4711", "3", "admin::listen") == [handed(3, "admin"), handed(4, ""), handed(5, "listen")])
        #expect(try read("4711", "1", "") == [handed(3, "")])
        #expect(try read("4711", "0", "left:over") == [])
        #expect(try read("4711", "1024").last == handed(1_026, ""))
    }

    @Test("what is handed on is taken as it was meant")
    func handing() throws {
        let variables = ActivationEnvironment.variables(handing: ["listen", "listen", "admin"], to: 7)
        let taken = try ActivationEnvironment(variables, process: 7).sockets
        #expect(taken.map(\.name) == ["listen", "listen", "admin"] && taken.map(\.descriptor) == [3, 4, 5])
        #expect(ActivationEnvironment.variables(handing: [], to: 7).isEmpty)
    }

    @Test("without the variables, or with those of another process, there are none")
    func none() throws {
        for (identifier, count) in [(nil, "1"), ("4711", nil), (nil, nil)] as [(String?, String?)] {
            #expect(try read(identifier, count) == [])
        }
        for identifier in ["1", "4710", "47110", "2147483647"] { #expect(try read(identifier, "x", "a:b") == []) }
    }

    @Test(
        "a process that is no number is refused",
        arguments: [
            "", "0", "-4711", "+4711", " 4711", "4711 ", "x", "4711.0", "2147483648", "99999999999999999999999",
        ]
    )
    func processes(_ text: String) {
        let fault = #expect(throws: SupervisionFault.self) { try read(text, "1") }
        #expect(fault?.description == "LISTEN_PID: must be the number of a process")
    }

    @Test(
        "a count that is none, or beyond all bounds, is refused",
        arguments: ["", "-1", "+1", "1 ", "one", "1.0", "1025", "9999999999999", "18446744073709551616", "٣"]
    )
    func counts(_ text: String) {
        let fault = #expect(throws: SupervisionFault.self) { try read("4711", text) }
        #expect(fault?.description == "LISTEN_FDS: must be a whole number from 0 to 1024")
    }

    @Test(
        "names have to be as many as sockets, and short and visible",
        arguments: [
            ("a", "LISTEN_FDNAMES: has 1 names, and LISTEN_FDS says 2"),
            ("", "LISTEN_FDNAMES: has 1 names, and LISTEN_FDS says 2"),
            ("a:b:c", "LISTEN_FDNAMES: has 3 names, and LISTEN_FDS says 2"),
            ("a:b\n", "LISTEN_FDNAMES: name 2 must be at most 255 ASCII characters"),
            ("\u{1b}[1m:b", "LISTEN_FDNAMES: name 1 must be at most 255 ASCII characters"),
            (String(repeating: "n", count: 256) + ":b", "LISTEN_FDNAMES: name 1 must be at most 255 ASCII characters"),
        ]
    )
    func names(_ names: String, _ message: String) throws {
        let fault = #expect(throws: SupervisionFault.self) { try read("4711", "2", names) }
        #expect(fault?.description == message)
        #expect(try read("4711", "2", String(repeating: "n", count: 255) + ":b").count == 2)
    }
}
