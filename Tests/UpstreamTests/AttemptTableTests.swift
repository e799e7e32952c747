import EventLoops
import Testing
import Transport
import UpstreamKeys
import Vocabulary

@testable import Upstream

@Suite("The calls of a worker by number")
struct AttemptTableTests {
    private let loop: EventLoop
    private let client: UpstreamClient

    init() throws {
        loop = try EventLoop()
        let settings = settings(port: 1, isTLS: false, host: "127.0.0.1")
        client = try UpstreamClient(
            loop: loop,
            gate: UpstreamGate(limits: settings.gate, keys: []),
            resolver: try NameResolver(),
            settings: settings,
            tls: nil,
            onKeyChange: { _ in }
        )
    }

    private func add(to table: inout AttemptTable) -> UpstreamAttempt {
        let attempt = attempt(table.takeNumber())
        table.add(attempt)
        return attempt
    }

    private func attempt(_ number: UInt64) -> UpstreamAttempt {
        let call = UpstreamCall(
            body: [],
            requestID: .chosen([]),
            team: TeamID(rawValue: "team"),
            account: AccountID(rawValue: "default"),
            documentID: "",
            key: UpstreamKeyID(rawValue: "a")
        )
        return UpstreamAttempt(
            number: number,
            client: client,
            call: call,
            move: { _, _ in },
            then: { _ in }
        )
    }

    @Test("a call is found by its number until it is removed, and a number is not used again")
    func numbers() {
        var table = AttemptTable()
        let (one, two) = (add(to: &table), add(to: &table))
        #expect(table[one.number] === one && table[two.number] === two && table.all.count == 2)
        table.remove(one)
        #expect(table[one.number] == nil && table.all.map(\.number) == [two.number])
        let three = add(to: &table)
        // It has the place of the first, but not its number.
        #expect(table[one.number] == nil && table[three.number] === three)
        table.remove(one)
        #expect(table[three.number] === three && table.all.count == 2)
        #expect(Set([one.number, two.number, three.number]).count == 3)
        #expect(table[0] == nil && table[.max] == nil)
    }
}
