/// What must hold after every step, as `docs/faults.md` §5 and §10 say it.
enum Invariant: String, Sendable, CaseIterable {
    case i1 = "I1"
    case i2 = "I2"
    case i3 = "I3"
    case i4 = "I4"
    case i5 = "I5"
    case i6 = "I6"
    case i7 = "I7"
    case i8 = "I8"
    case i9 = "I9"
    case oneCall = "one call"
    case oneAnswer = "one answer"
    case roomIsGiven = "room is given"
    case purged = "purged"

    var text: String {
        switch self {
        case .i1:
            """
            Spent + unconfirmed + reserved is at most the limit, with what is granted, when a request is admitted, decided in \
            one step for every scope and window.
            """
        case .i2: "Before the first byte goes to the vendor a reservation is committed, under the key that is sent."
        case .i3:
            "A reservation ends once, as the vendor's answer says: settled, released or unconfirmed; then resolved, once."
        case .i4: "Settled + unconfirmed is at least what the vendor charged."
        case .i5: "A settlement, a resolution or a grant that was acknowledged survives a crash."
        case .i6: "A hit or a follower reserves nothing and costs nothing."
        case .i7: "Without the store, requests that would spend are refused, and hits are served."
        case .i8:
            "A settlement goes to the window of its reservation, over midnight, daylight saving and a clock that was set."
        case .i9: "No way out leaks a reservation, a place at the vendor's gate, a flight or a team's place."
        case .oneCall: "Equal questions under way become one call, other than for no-store and over a purge."
        case .oneAnswer: "A client that stays is answered, once."
        case .roomIsGiven: "Nobody is refused by a budget that has room, and what is shown as left is what is left."
        case .purged:
            "What was asked before a purge, or a change of its document, answers nothing that is asked after it."
        }
    }
}
