import Oracles
import TestSupport

@testable import PostgreSQL

/// Bytes as what a PostgreSQL server does: results in any order, values of any type, texts of any kind.
struct PostgreSQLTarget {
    private let input: [UInt8]

    init(_ input: [UInt8]) { self.input = input }

    func run() throws(BrokenRule) {
        try checkAnyResults()
        try checkServer()
        try checkRows()
        try checkTexts()
    }

    // MARK: Results

    /// The size of a round trip, from the first two bytes: its commands in groups.
    private var groupEnds: [Int] {
        let (count, cut) = (Int(input.first ?? 0) % 6, Int(input.dropFirst().first ?? 0))
        let ends = (1..<max(1, count)).filter { cut >> ($0 - 1) & 1 == 1 }
        return ends + [count]
    }

    /// Whatever comes, no command is answered twice, none that was not sent, and none before the one before it.
    private func checkAnyResults() throws(BrokenRule) {
        let groupEnds = groupEnds
        var state = PipelineState(groupEnds: groupEnds)
        var (submitted, completed, failures, turn) = (0, -1, 0, 0)
        for byte in input.dropFirst(2) {
            if byte & 0x80 != 0 {
                guard state.submission != .nothing else { continue }
                if case .command(let index) = state.submission {
                    try hold(index == submitted, "commands are submitted in order")
                    submitted += 1
                }
                _ = state.submit()
                continue
            }
            let expects = state.expectsResult
            let event = PipelineState.Event.allCases[Int(byte) % PipelineState.Event.allCases.count]
            switch state.receive(event) {
            case .none, .next: break
            case .row(let index):
                try hold(
                    event == .row && index < submitted && index > completed && index >= turn,
                    "a row has its command"
                )
                turn = index
            case .completed(let index):
                try hold(event == .completion && index < submitted, "only a command that was sent is completed")
                try hold(index > completed && index >= turn, "a command is completed once, behind the one before it")
                completed = index
            case .failed:
                failures += 1
                try hold(event == .error && failures == 1, "the first error alone is told")
            case .over:
                try hold(event == .sync && state.isOver && state.submission == .nothing, "a Sync ends a round trip")
                try hold(
                    failures == 1 || completed == groupEnds[groupEnds.count - 1] - 1,
                    "without an error all are completed"
                )
            case .broken(let what):
                try hold(what == event, "what does not fit is told")
                return
            }
            try hold(expects, "a result that nobody waits for does not fit")
        }
    }

    /// A server that keeps to the protocol is understood to the end, however sending and receiving take turns.
    private func checkServer() throws(BrokenRule) {
        var random = SeededGenerator(seed: Pieces.seed(input))
        let groupEnds = groupEnds
        var state = PipelineState(groupEnds: groupEnds)
        var server = PipelineServer(random: SeededGenerator(seed: random.next()))
        var (completed, hasFailed) = (0, false)
        while !state.isOver {
            let maySubmit = state.submission != .nothing
            if maySubmit, server.waiting.isEmpty || Bool.random(using: &random) {
                if case .command = state.submission { server.take(isSync: false) } else { server.take(isSync: true) }
                _ = state.submit()
                continue
            }
            guard let event = server.waiting.popFirst() else {
                return try hold(false, "a round trip of which all is answered is over")
            }
            try hold(state.expectsResult, "what a server answers is waited for")
            switch state.receive(event) {
            case .none, .next, .row, .over: break
            case .completed: completed += 1
            case .failed: hasFailed = true
            case .broken(let event): try hold(false, "what a server answers fits: \(event)")
            }
        }
        try hold(server.waiting.isEmpty, "a round trip that is over has no more answers")
        try hold(hasFailed == server.hasFailed, "a round trip fails if a command has")
        try hold(hasFailed || completed == groupEnds[groupEnds.count - 1], "else all its commands are completed")
    }

    // MARK: Values

    /// A row of three values, of types and bytes from the input.
    private func checkRows() throws(BrokenRule) {
        let types: [UInt32] = [16, 17, 19, 20, 21, 23, 25, 114, 705, 1_042, 1_043, 0]
        let columns = (0..<3).map { types[Int(input.dropFirst($0).first ?? 0) % types.count] }
        let values = input.dropFirst(3).split(separator: 0x7C, maxSplits: 2, omittingEmptySubsequences: false).map(
            Array.init
        )
        var rows = PostgreSQLRows()
        rows.begin(types: columns)
        for column in 0..<3 {
            if column < values.count { values[column].withUnsafeBytes { rows.append($0) } } else { rows.appendNull() }
        }
        rows.endRow()
        for column in 0..<3 {
            guard column < values.count else {
                let isNull = rows.isNull(0, column) && rows.integer(0, column) == nil && rows.text(0, column) == nil
                try hold(isNull && rows.bytes(0, column) == nil, "what is NULL has no value")
                continue
            }
            let (type, value) = (columns[column], values[column])
            let widths: [UInt32: Int] = [20: 8, 21: 2, 23: 4]
            let isInteger = widths[type] == value.count || type == 16 && value.count == 1
            try hold((rows.integer(0, column) != nil) == isInteger, "an integer has the width of its type")
            if isInteger, type != 16 {
                let bits = UInt64(value.map { String(65_536 + Int($0), radix: 16).suffix(2) }.joined(), radix: 16) ?? 0
                let half = UInt64(1) << UInt64(value.count * 8 - 1)
                let expected = Int64(bitPattern: (bits ^ half) &- half)
                try hold(rows.integer(0, column) == expected, "an integer is what its bytes say")
            }
            let isText = [19, 25, 114, 705, 1_042, 1_043].contains(type)
            try hold(
                rows.text(0, column) == (isText ? String(decoding: value, as: UTF8.self) : nil),
                "a text has a type of texts"
            )
            try hold(rows.bytes(0, column) == (type == 17 ? value : nil), "bytes are those that came")
        }
    }

    // MARK: Texts

    private func checkTexts() throws(BrokenRule) {
        let text = String(decoding: input, as: UTF8.self)
        let line = PostgreSQLText.line(text)
        try hold(line.utf8.count <= PostgreSQLText.bytesMax, "a message is cut")
        try hold(!line.unicodeScalars.contains { $0.properties.generalCategory == .control }, "a message is one line")
        try hold(PostgreSQLText.line(line).utf8.count <= PostgreSQLText.bytesMax, "again")
        if let state = PostgreSQLText.sqlState(in: text) {
            try hold(state.utf8.count == 5, "a code has five characters")
        }
        let password = "a-password-of-its-own"
        for url in [text, "postgresql://" + text] {
            guard let address = try? PostgreSQLAddress(url: url, password: password) else { continue }
            try hold(!address.description.contains(password), "an address is shown without its password")
            try hold((1...PostgreSQLAddress.hostsMax).contains(address.hosts.count), "an address has a server")
            try hold(address.hosts.allSatisfy { $0.port > 0 }, "and a port")
            try hold(address.verifiesServer ? address.requiresTLS : true, "a server that proves itself speaks TLS")
        }
    }
}

/// What a server answers in a pipeline: commands succeed with some rows or fail, and behind an error all is skipped up
/// to the Sync. In a failed transaction later groups fail as well.
private struct PipelineServer {
    var random: SeededGenerator
    private(set) var hasFailed = false
    private var skips = false
    var waiting: ArraySlice<PipelineState.Event> = []

    init(random: SeededGenerator) { self.random = random }

    mutating func take(isSync: Bool) {
        if isSync {
            // A constraint that is checked at the end.
            if !hasFailed, random.chance(1, in: 12) {
                hasFailed = true
                waiting += [.error, .end]
            }
            skips = false
            waiting.append(.sync)
        } else if skips {
            waiting += [.skipped, .end]
        } else {
            waiting += Array(repeating: .row, count: Int.random(in: 0...2, using: &random))
            let fails = hasFailed || random.chance(1, in: 6)
            (hasFailed, skips) = (hasFailed || fails, fails)
            waiting += [fails ? .error : .completion, .end]
        }
    }
}
