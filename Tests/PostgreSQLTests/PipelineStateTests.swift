import Testing

@testable import PostgreSQL

@Suite("What results belong to")
struct PipelineStateTests {
    private typealias Event = PipelineState.Event
    private typealias Action = PipelineState.Action

    /// What happens to a round trip: something is submitted, or a result comes.
    private enum Step: Equatable {
        case submit
        case event(Event)
    }

    /// What a server answers to `count` commands, of which one may fail; `count` itself stands for the Sync.
    private static func answers(_ count: Int, rows: Int, failing: Int?) -> [[Event]] {
        (0...count).map { index in
            switch failing {
            case index? where index == count: return [.error, .end, .sync]
            case index?: return Array(repeating: .row, count: rows) + [.error, .end]
            case let failing? where index > failing && index < count: return [.skipped, .end]
            default:
                return index == count ? [.sync] : Array(repeating: .row, count: rows) + [.completion, .end]
            }
        }
    }

    private static func expected(_ event: Event, of index: Int, isNextSubmitted: Bool, isCommand: Bool) -> Action {
        switch event {
        case .row: .row(index)
        case .completion: .completed(index)
        case .error: .failed
        case .skipped: .none
        case .end: isCommand && isNextSubmitted ? .next : .none
        case .sync: .over
        case .other: .broken(.other)
        }
    }

    /// Goes on from a state in each way that there is: what is next is submitted, or the next result comes.
    private func explore(
        _ state: PipelineState,
        _ answers: [[Event]],
        turn: Int,
        place: Int,
        submitted: [Int],
        ends: inout Int
    ) {
        let count = answers.count - 1
        switch state.submission {
        case .command(let index):
            #expect(index == submitted.count, "commands are submitted in order")
            var state = state
            #expect(state.submit() == (turn == submitted.count))
            explore(state, answers, turn: turn, place: place, submitted: submitted + [index], ends: &ends)
        case .sync:
            var state = state
            #expect(state.submit() == false)
            explore(state, answers, turn: turn, place: place, submitted: submitted + [count], ends: &ends)
        case .nothing: #expect(submitted.last == count)
        }
        // Commands that were left out get no answer.
        guard turn < submitted.count else {
            #expect(!state.expectsResult)
            return
        }
        let owner = submitted[turn]
        #expect(state.expectsResult)
        var state = state
        let event = answers[owner][place]
        let commandsSubmitted = submitted.count - (submitted.last == count ? 1 : 0)
        let action = Self.expected(
            event,
            of: owner,
            isNextSubmitted: turn + 1 < commandsSubmitted,
            isCommand: owner < count
        )
        #expect(state.receive(event) == action)
        if action == .over {
            ends += 1
            #expect(state.isOver && !state.expectsResult && state.submission == .nothing)
            for event in Event.allCases {
                var state = state
                #expect(state.receive(event) == .broken(event), "nothing follows the Sync")
            }
            return
        }
        let isLast = place + 1 == answers[owner].count
        explore(
            state,
            answers,
            turn: isLast ? turn + 1 : turn,
            place: isLast ? 0 : place + 1,
            submitted: submitted,
            ends: &ends
        )
    }

    @Test("in whatever order commands go out and results come in, each result has its command", arguments: 0...3)
    func everyOrder(count: Int) {
        for rows in 0...2 {
            for failing in [nil] + (0...count).map(Optional.some) {
                var ends = 0
                explore(
                    PipelineState(groupEnds: [count]),
                    Self.answers(count, rows: rows, failing: failing),
                    turn: 0,
                    place: 0,
                    submitted: [],
                    ends: &ends
                )
                #expect(ends > 0)
            }
        }
    }

    private func state(_ count: Int, after steps: [Step]) -> PipelineState {
        var state = PipelineState(groupEnds: [count])
        for step in steps {
            switch step {
            case .submit: _ = state.submit()
            case .event(let event): _ = state.receive(event)
            }
        }
        return state
    }

    private static let legal: [(name: String, steps: [Step], legal: Set<Event>)] = [
        ("nothing was submitted", [], []),
        ("a command was submitted", [.submit], [.row, .completion, .error]),
        ("rows have come", [.submit, .event(.row)], [.row, .completion, .error]),
        ("it is complete", [.submit, .event(.completion)], [.end]),
        ("its end has come, and nothing was submitted since", [.submit, .event(.completion), .event(.end)], []),
        ("it has failed", [.submit, .event(.error)], [.end]),
        (
            "one that failed is followed by one that was submitted", [.submit, .submit, .event(.error), .event(.end)],
            [.row, .completion, .skipped]
        ),
        ("one was skipped", [.submit, .submit, .event(.error), .event(.end), .event(.skipped)], [.end]),
        (
            "the Sync was submitted", [.submit, .submit, .submit, .event(.completion), .event(.end)],
            [.row, .completion, .error]
        ),
        (
            "all commands are answered",
            [.submit, .submit, .submit, .event(.completion), .event(.end), .event(.completion), .event(.end)],
            [.sync, .error]
        ),
        (
            "the Sync has failed",
            [
                .submit, .submit, .submit, .event(.completion), .event(.end), .event(.completion), .event(.end),
                .event(.error),
            ], [.end]
        ),
        (
            "the Sync follows a failure",
            [.submit, .event(.error), .event(.end), .submit],
            [.sync]
        ),
    ]

    @Test("a result that cannot be is found out", arguments: 0..<12)
    func impossible(index: Int) {
        let (name, steps, legal) = Self.legal[index]
        for event in Event.allCases {
            var state = state(2, after: steps)
            let isBroken = state.receive(event) == .broken(event)
            #expect(isBroken == !legal.contains(event), "\(name): \(event)")
        }
        #expect(Self.legal.count == 12)
    }

    @Test("after a failure what has not been submitted is left out, up to the Sync")
    func leftOut() {
        var state = PipelineState(groupEnds: [1_000])
        #expect(!state.hasSubmitted)
        #expect(state.submit() == true)
        #expect(state.hasSubmitted)
        #expect(state.submission == .command(1))
        #expect(state.receive(.error) == .failed)
        #expect(state.submission == .sync)
        #expect(state.submit() == false)
        #expect(state.receive(.end) == .none)
        #expect(state.receive(.sync) == .over)
    }

    // MARK: Groups

    /// What comes of groups: what is submitted, and the actions, by a server that fails at one command.
    ///
    /// - Parameter ahead: how many commands and Syncs may go out before their results come.
    private func run(_ groupEnds: [Int], failing: Int?, ahead: Int) -> (submitted: [String], actions: [Action]) {
        var state = PipelineState(groupEnds: groupEnds)
        var (submitted, actions): ([String], [Action]) = ([], [])
        var waiting: [[Event]] = []
        var (hasFailed, skips, isReading) = (false, false, 0)
        while !state.isOver {
            while waiting.count < ahead, state.submission != .nothing {
                switch state.submission {
                case .command(let index):
                    submitted.append("\(index)")
                    // The rows of the next result to come are asked for singly, once, at the right moment.
                    if state.submit() { isReading += 1 }
                    if skips {
                        waiting.append([.skipped, .end])
                    } else if index == failing || hasFailed {
                        // In a failed transaction each command of a later group is refused.
                        waiting.append([.error, .end])
                        (hasFailed, skips) = (true, true)
                    } else {
                        waiting.append([.row, .completion, .end])
                    }
                case .sync:
                    submitted.append("S")
                    #expect(state.submit() == false)
                    skips = false
                    waiting.append([.sync])
                case .nothing: break
                }
            }
            #expect(state.expectsResult && !waiting.isEmpty)
            guard !waiting.isEmpty else { break }
            for event in waiting.removeFirst() {
                let action = state.receive(event)
                if action == .next { isReading += 1 }
                actions.append(action)
            }
        }
        #expect(isReading == submitted.count { $0 != "S" }, "\(groupEnds) \(ahead)")
        return (submitted, actions.filter { $0 != .none && $0 != .next })
    }

    @Test("each group has its Sync, and the last one ends the round trip", arguments: 1...8)
    func groups(ahead: Int) {
        let (submitted, actions) = run([2, 3, 5], failing: nil, ahead: ahead)
        #expect(submitted == ["0", "1", "S", "2", "S", "3", "4", "S"])
        #expect(actions == (0..<5).flatMap { [.row($0), .completed($0)] } + [.over])
    }

    @Test("a failure is told once; groups that were sent are refused, and those that were not are left out")
    func failedGroups() {
        // All was sent before the first result came.
        #expect(run([2, 3, 5], failing: 0, ahead: 8).submitted == ["0", "1", "S", "2", "S", "3", "4", "S"])
        // The group of the failure has its Sync; nothing follows.
        #expect(run([2, 3, 5], failing: 0, ahead: 1).submitted == ["0", "S"])
        #expect(run([2, 3, 5], failing: 1, ahead: 1).submitted == ["0", "1", "S"])
        #expect(run([2, 3, 5], failing: 2, ahead: 2).submitted == ["0", "1", "S", "2", "S"])
        for ahead in 1...8 {
            for failing in 0..<5 {
                let actions = run([2, 3, 5], failing: failing, ahead: ahead).actions
                #expect(actions.filter { $0 == .failed }.count == 1 && actions.last == .over)
                #expect(!actions.contains(.completed(failing)))
            }
        }
    }

    @Test("a round trip without commands is a Sync and its answer")
    func empty() {
        var state = PipelineState(groupEnds: [0])
        #expect(!state.expectsResult)
        #expect(state.submit() == false)
        #expect(state.expectsResult && state.hasSubmitted)
        #expect(state.receive(.sync) == .over)
    }
}
