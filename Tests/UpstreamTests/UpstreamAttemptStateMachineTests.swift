import Testing
import Transport
import UpstreamKeys
import Vocabulary

@testable import Upstream

@Suite("UpstreamAttempt.StateMachine")
struct UpstreamAttemptStateMachineTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let steps: [Step]
        let actions: [String]

        init(_ description: String, _ steps: [Step], _ actions: [String]) {
            testDescription = description
            self.steps = steps
            self.actions = actions
        }
    }

    private static let toSent: [Step] = [.begin, .go("a"), .idle]

    static let gate = [
        Row("let out at once", [.begin, .go("a")], ["enter", "connect"]),
        Row("let out after a wait", [.begin, .wait, .go("a")], ["enter", "", "connect"]),
        Row("refused", [.begin, .refused(.overloaded)], ["enter", "finish overloaded no"]),
        Row(
            "queue_timeout",
            [.begin, .wait, .at(30_000), .leftQueue(.rateLimited)],
            ["enter", "", "leaveQueue", "finish upstream_rate_limited no"]
        ),
        Row(
            "let out in the moment of queue_timeout",
            [.begin, .wait, .at(30_000), .go("a")],
            ["enter", "", "leaveQueue", "connect"]
        ),
        Row(
            "another key",
            [.begin, .go("b"), .moved(.done), .idle],
            ["enter", "move b", "connect", "send b"]
        ),
        Row(
            "a key without room",
            [.begin, .go("b"), .moved(.noRoom), .go("a")],
            ["enter", "move b", "leave b unused, enter again without b", "connect"]
        ),
        Row(
            "a booking that failed",
            [.begin, .go("b"), .moved(.failed)],
            ["enter", "move b", "leave b unused, finish given up"]
        ),
    ]

    static let connecting = [
        Row("a pooled connection", toSent, ["enter", "connect", "send a"]),
        Row(
            "a new connection",
            [.begin, .go("a"), .none, .resolved, .idle],
            ["enter", "connect", "resolve", "dial 5.0 seconds", "send a"]
        ),
        Row(
            "a slow look-up leaves less for dialling",
            [.begin, .go("a"), .none, .passed(4_000), .resolved],
            ["enter", "connect", "resolve", "", "dial 1.0 seconds"]
        ),
        Row(
            "no look-up within connect_timeout",
            [.begin, .go("a"), .none, .at(5_000)],
            ["enter", "connect", "resolve", "leave a failed, finish upstream_unreachable no"]
        ),
        Row(
            "a look-up that ends with connect_timeout",
            [.begin, .go("a"), .none, .passed(5_000), .resolved],
            ["enter", "connect", "resolve", "", "leave a failed, finish upstream_unreachable no"]
        ),
        Row(
            "three failures of the network",
            [
                .begin, .go("a"), .none, .resolved, .dialFailed(.network), .at(57), .none, .notResolved(.network),
                .at(164),
                .none, .resolved, .dialFailed(.network),
            ],
            [
                "enter", "connect", "resolve", "dial 5.0 seconds", "", "connect", "resolve", "", "connect", "resolve",
                "dial 4.836 seconds", "leave a failed, finish upstream_unreachable no",
            ]
        ),
        Row(
            "no pause that ends after connect_timeout",
            [.begin, .go("a"), .none, .resolved, .passed(4_990), .dialFailed(.network)],
            [
                "enter", "connect", "resolve", "dial 5.0 seconds", "",
                "leave a failed, finish upstream_unreachable no",
            ]
        ),
        Row(
            "TLS is not tried again",
            [.begin, .go("a"), .none, .resolved, .dialFailed(.tls)],
            ["enter", "connect", "resolve", "dial 5.0 seconds", "leave a failed, finish upstream_unreachable no"]
        ),
        Row(
            "what this side lacks",
            [.begin, .go("a"), .none, .notResolved(.exhausted)],
            ["enter", "connect", "resolve", "leave a unused, finish overloaded no"]
        ),
    ]

    static let answers = [
        Row(
            "an answer that ends it",
            toSent + [.final],
            ["enter", "connect", "send a", "leave a succeeded, finish 200"]
        ),
        Row(
            "a key that has to pause",
            toSent + [.limited, .go("b"), .moved(.done), .idle, .final],
            [
                "enter", "connect", "send a", "leave a limited, enter again", "move b", "connect", "send b",
                "leave b succeeded, finish 200",
            ]
        ),
        Row(
            "queue_timeout counts from the beginning",
            toSent + [.passed(20_000), .limited, .wait, .at(30_000)],
            ["enter", "connect", "send a", "", "leave a limited, enter again", "", "leaveQueue"]
        ),
        Row(
            "a rejection with no second key",
            toSent + [.rejected(.unauthorized), .ruled(.keyRejected)],
            ["enter", "connect", "send a", "rule a", "finish upstream_key_rejected no"]
        ),
        Row(
            "a refusal that is passed on",
            toSent + [.rejected(.refused), .ruled(.passOn)],
            ["enter", "connect", "send a", "rule a", "finish refused by a"]
        ),
        Row(
            "a second key that succeeds",
            toSent + [.rejected(.unauthorized), .ruled(.tryAnother), .go("b"), .moved(.done), .idle, .final],
            [
                "enter", "connect", "send a", "rule a", "enter again without a", "move b", "connect", "send b",
                "leave b succeeded after a, finish 200",
            ]
        ),
        Row(
            "two refusals: the second is passed on",
            toSent + [
                .rejected(.refused), .ruled(.tryAnother), .go("b"), .moved(.done), .idle, .rejected(.refused),
                .ruled(.passOn),
            ],
            [
                "enter", "connect", "send a", "rule a", "enter again without a", "move b", "connect", "send b",
                "rule b after a", "finish refused by b",
            ]
        ),
        Row(
            "a refusal, then a key that is not known: the first is passed on",
            toSent + [
                .rejected(.refused), .ruled(.tryAnother), .go("b"), .moved(.done), .idle,
                .rejected(.unauthorized), .ruled(.passOn),
            ],
            [
                "enter", "connect", "send a", "rule a", "enter again without a", "move b", "connect", "send b",
                "rule b after a", "finish refused by a",
            ]
        ),
        Row(
            "a refusal, then a 401 in the vendor's shape: the first is passed on",
            toSent + [
                .rejected(.refused), .ruled(.tryAnother), .go("b"), .moved(.done), .idle,
                .rejected(.unauthorizedInShape), .ruled(.passOn),
            ],
            [
                "enter", "connect", "send a", "rule a", "enter again without a", "move b", "connect", "send b",
                "rule b after a", "finish refused by a",
            ]
        ),
        Row(
            "a 403 in another shape, then a 401 in the vendor's: the second is passed on",
            toSent + [
                .rejected(.forbidden), .ruled(.tryAnother), .go("b"), .moved(.done), .idle,
                .rejected(.unauthorizedInShape), .ruled(.passOn),
            ],
            [
                "enter", "connect", "send a", "rule a", "enter again without a", "move b", "connect", "send b",
                "rule b after a", "finish refused by b",
            ]
        ),
        Row(
            "a second key that has to pause after a refusal is not waited for",
            toSent + [
                .rejected(.refused), .ruled(.tryAnother), .go("b"), .moved(.done), .idle, .limited, .wait,
                .leftQueue(.keyRejected), .ruled(.passOn),
            ],
            [
                "enter", "connect", "send a", "rule a", "enter again without a", "move b", "connect", "send b",
                "leave b limited after a, enter again without a", "leaveQueue upstream_key_rejected", "ruleAlone a",
                "finish refused by a",
            ]
        ),
        Row(
            "a third key that need not be waited for gives the second opinion",
            toSent + [
                .rejected(.refused), .ruled(.tryAnother), .go("b"), .moved(.done), .idle, .limited, .go("c"),
                .moved(.done), .idle, .final,
            ],
            [
                "enter", "connect", "send a", "rule a", "enter again without a", "move b", "connect", "send b",
                "leave b limited after a, enter again without a", "move c", "connect", "send c",
                "leave c succeeded after a, finish 200",
            ]
        ),
        Row(
            "a second key that has to pause after another rejection is",
            toSent + [.rejected(.forbidden), .ruled(.tryAnother), .go("b"), .moved(.done), .idle, .limited, .wait],
            [
                "enter", "connect", "send a", "rule a", "enter again without a", "move b", "connect", "send b",
                "leave b limited after a, enter again without a", "",
            ]
        ),
        Row(
            "no second key after all",
            toSent + [.rejected(.unauthorized), .ruled(.tryAnother), .refused(.noKey), .ruled(.keyRejected)],
            [
                "enter", "connect", "send a", "rule a", "enter again without a", "ruleAlone a",
                "finish upstream_key_rejected no",
            ]
        ),
        Row(
            "no second key in time",
            toSent + [.rejected(.unauthorized), .ruled(.tryAnother), .refused(.rateLimited), .ruled(.keyRejected)],
            [
                "enter", "connect", "send a", "rule a", "enter again without a", "ruleAlone a",
                "finish upstream_rate_limited no",
            ]
        ),
    ]

    static let cutOff = [
        Row(
            "a node that the store has confirmed nothing for sends nothing, and the connection is not used",
            [.begin, .go("a"), .none, .resolved, .cutOff, .idle],
            [
                "enter", "connect", "resolve", "dial 5.0 seconds", "",
                "close, leave a unused, finish store_unavailable no",
            ]
        ),
        Row(
            "nor does it send once more what it has sent",
            toSent + [.limited, .cutOff, .go("b"), .moved(.done), .idle],
            [
                "enter", "connect", "send a", "leave a limited, enter again", "", "move b", "connect",
                "close, leave b unused, finish store_unavailable no",
            ]
        ),
        Row(
            "a rejection that came before is ruled on",
            toSent + [.rejected(.unauthorized), .ruled(.tryAnother), .cutOff, .go("b"), .moved(.done), .idle]
                + [.ruled(.keyRejected)],
            [
                "enter", "connect", "send a", "rule a", "enter again without a", "", "move b", "connect",
                "close, leave b unused after a, ruleAlone a", "finish store_unavailable no",
            ]
        ),
        Row(
            "what is out already is waited for",
            toSent + [.cutOff, .final],
            ["enter", "connect", "send a", "", "leave a succeeded, finish 200"]
        ),
    ]

    static let shutdowns = [
        Row("drain before it began", [.drain, .begin], ["", "finish draining no"]),
        Row(
            "drain in the queue",
            [.begin, .wait, .drain, .leftQueue(.draining)],
            ["enter", "", "leaveQueue draining", "finish draining no"]
        ),
        Row(
            "drain in the moment in which it is let out",
            [.begin, .wait, .drain, .go("a"), .idle, .final],
            ["enter", "", "leaveQueue draining", "connect", "send a", "leave a succeeded, finish 200"]
        ),
        Row(
            "drain while it is out",
            toSent + [.drain, .limited, .wait],
            ["enter", "connect", "send a", "", "leave a limited, enter again", "leaveQueue draining"]
        ),
        Row("cut before it began", [.cut, .begin], ["", "finish draining no"]),
        Row(
            "cut in the moment in which it is let out",
            [.begin, .wait, .cut, .go("a")],
            ["enter", "", "leaveQueue draining", "leave a unused, finish draining no"]
        ),
        Row(
            "cut while it is booked",
            [.begin, .go("b"), .cut, .moved(.done)],
            ["enter", "move b", "", "leave b unused, finish draining no"]
        ),
        Row(
            "cut while it is booked, which fails",
            [.begin, .go("b"), .cut, .moved(.failed)],
            ["enter", "move b", "", "leave b unused, finish given up"]
        ),
        Row(
            "cut while the name is looked up",
            [.begin, .go("a"), .none, .cut, .resolved],
            ["enter", "connect", "resolve", "leave a unused, finish draining no", ""]
        ),
        Row(
            "cut while it is dialled",
            [.begin, .go("a"), .none, .resolved, .cut, .idle],
            ["enter", "connect", "resolve", "dial 5.0 seconds", "leave a unused, finish draining no", "close"]
        ),
        Row(
            "cut while it is dialled in vain",
            [.begin, .go("a"), .none, .resolved, .cut, .dialFailed(.network)],
            ["enter", "connect", "resolve", "dial 5.0 seconds", "leave a unused, finish draining no", ""]
        ),
        Row(
            "cut in a pause",
            [.begin, .go("a"), .none, .notResolved(.network), .cut],
            ["enter", "connect", "resolve", "", "leave a unused, finish draining no"]
        ),
        Row(
            "cut while the vendor works",
            toSent + [.cut],
            ["enter", "connect", "send a", "leave a unused, finish draining unknown"]
        ),
        Row(
            "cut after a rejection",
            toSent + [
                .rejected(.refused), .ruled(.tryAnother), .go("b"), .cut, .moved(.done),
                .ruled(.passOn),
            ],
            [
                "enter", "connect", "send a", "rule a", "enter again without a", "move b", "",
                "leave b unused after a, ruleAlone a", "finish refused by a",
            ]
        ),
    ]

    @Test("a call takes the steps that its events ask for", arguments: gate + connecting + answers + cutOff + shutdowns)
    func way(_ row: Row) {
        var ride = Ride()
        #expect(row.steps.map { ride.take($0) } == row.actions)
    }

    static let passed = [
        Row("an answer", toSent + [.final], ["enter", "connect", "send a", "leave a succeeded, finish 200"]),
        Row(
            "a refusal is passed on, and no other key is tried",
            toSent + [.rejected(.refused), .ruled(.tryAnother), .ruled(.keyRejected)],
            ["enter", "connect", "send a", "rule a", "ruleAlone a", "finish refused by a"]
        ),
        Row(
            "a refusal of the key is passed on",
            toSent + [.rejected(.unauthorized), .ruled(.keyRejected)],
            ["enter", "connect", "send a", "rule a", "finish refused by a"]
        ),
        Row(
            "a place is held while the vendor works: not while content is coming, nor once the reply has begun",
            toSent + [.waitsForClient, .waitsForVendor, .waitsForClient, .final],
            [
                "enter", "connect", "send a", "set aside a", "take up a", "set aside a",
                "leave a succeeded, finish 200",
            ]
        ),
        Row(
            "what is told twice, or too late, changes nothing",
            toSent + [.waitsForVendor, .waitsForClient, .waitsForClient, .final, .waitsForVendor, .waitsForClient],
            ["enter", "connect", "send a", "", "set aside a", "", "leave a succeeded, finish 200", "", ""]
        ),
        Row(
            "given up while it is aside",
            toSent + [.waitsForClient, .abandon],
            [
                "enter", "connect", "send a", "set aside a",
                "abandon exchange, leave a unused, finish abandoned out",
            ]
        ),
        Row("given up before it began", [.abandon, .begin], ["", "finish abandoned"]),
        Row(
            "given up in the queue",
            [.begin, .wait, .abandon, .leftQueue(.draining)],
            ["enter", "", "leaveQueue draining", "finish abandoned"]
        ),
        Row(
            "given up in the moment in which it is let out",
            [.begin, .wait, .abandon, .go("a")],
            ["enter", "", "leaveQueue draining", "leave a unused, finish abandoned"]
        ),
        Row(
            "given up while it is booked, to a key without room",
            [.begin, .go("b"), .abandon, .moved(.noRoom)],
            ["enter", "move b", "", "leave b unused, finish abandoned"]
        ),
        Row(
            "given up while it is dialled",
            [.begin, .go("a"), .none, .resolved, .abandon, .idle],
            ["enter", "connect", "resolve", "dial 5.0 seconds", "leave a unused, finish abandoned", "close"]
        ),
        Row(
            "given up while the vendor works",
            toSent + [.abandon],
            ["enter", "connect", "send a", "abandon exchange, leave a unused, finish abandoned out"]
        ),
    ]

    @Test("a call that is passed on takes the steps that its events ask for", arguments: passed)
    func passedWay(_ row: Row) {
        var ride = Ride(isPassed: true)
        #expect(row.steps.map { ride.take($0) } == row.actions)
    }

    @Test(
        "every order of events: the place is given back once for each time it was taken, and the call ends once",
        arguments: [false, true]
    )
    func everyOrder(isPassed: Bool) {
        var orders = 0
        func go(_ ride: Ride, _ steps: [Step]) {
            #expect(ride.faults == [], "\(steps)")
            if ride.hasFinished {
                orders += 1
                #expect(ride.placesTaken == 0, "\(steps)")
            }
            for step in ride.possible where steps.count < 12 {
                var next = ride
                _ = next.take(step)
                go(next, steps + [step])
            }
        }
        go(Ride(isPassed: isPassed), [])
        #expect(orders > 10_000)
    }
}
