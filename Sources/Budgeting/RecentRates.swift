public import Vocabulary

/// The price of its pages that one paid reply of a model reported.
public struct PaidReply: Sendable, Equatable {
    /// The request's reservation; 0 when it is no longer known.
    public let reservation: ReservationID
    public let rate: PageRate

    public init(reservation: ReservationID, rate: PageRate) {
        self.reservation = reservation
        self.rate = rate
    }
}

/// The lesson about one model.
public struct ModelLesson: Sendable, Equatable {
    public let model: String
    /// The rate that estimates use.
    public let rate: PageRate
    /// Oldest first.
    public let replies: [PaidReply]
}

/// The latest paid replies of one model, from which its next estimate is made. Pure.
///
/// Latest by admission of their requests, not by the order in which they ended: so memory and store keep the same ones.
/// Their median is used, so that a wrong bill is outvoted by right ones. While there are fewer than three, the plan's
/// price takes part:
/// - one reply alone is believed only if it is within a factor of `trust` of the plan's price, else the plan is;
/// - with two, the median of both and the plan's price is used.
/// Thus one absurd bill never keeps the next request from being admitted, and its reply then corrects the estimate.
struct RecentRates {
    /// The number of replies that the median is taken over: `docs/api.md` §4.
    static let countMax = 15
    /// More than a plan's price is usually wrong by, less than an absurd bill is.
    private static let trust: Int128 = 10

    private(set) var replies: [PaidReply] = []  // reservations ascend
    /// The rates of `replies` in ascending order.
    private var sorted: [PageRate] = []

    /// False when nothing was learned: the reply is older than all that are kept, or is already one of them.
    @discardableResult
    mutating func learn(_ reply: PaidReply) -> Bool {
        let index = replies.firstIndex { $0.reservation >= reply.reservation } ?? replies.endIndex
        if index < replies.endIndex, replies[index].reservation == reply.reservation { return false }
        if index == 0, replies.count == Self.countMax { return false }
        replies.insert(reply, at: index)
        if replies.count > Self.countMax { replies.removeFirst() }
        sorted = replies.map(\.rate).sorted { $0.isLess(than: $1) }
        return true
    }

    /// The estimated price of a page.
    func rate(planned: PageRate) -> PageRate {
        switch sorted.count {
        case 0: planned
        case 1: sorted[0].isWithin(Self.trust, of: planned) ? sorted[0] : planned
        case 2: (sorted + [planned]).sorted { $0.isLess(than: $1) }[1]
        // With an even count, the lesser of the two in the middle.
        default: sorted[(sorted.count - 1) / 2]
        }
    }
}

extension PageRate {
    func isLess(than other: PageRate) -> Bool {
        credits.booked * Int128(other.pages) < other.credits.booked * Int128(pages)
    }

    /// Whether neither rate is more than `factor` times the other.
    func isWithin(_ factor: Int128, of other: PageRate) -> Bool {
        // Divided rather than multiplied: each product may fill 126 bits.
        let one = credits.booked * Int128(other.pages)
        let two = other.credits.booked * Int128(pages)
        return one / factor <= two && two / factor <= one
    }

    /// Credits for `count` pages, in millionths, rounded up; at least 0.
    func micros(forPages count: Int128) -> Int128 {
        let (product, overflow) = credits.booked.multipliedReportingOverflow(by: count)
        // A page count that overflows is absurd, and so is its cost.
        guard !overflow else { return .max }
        let (sum, carry) = product.addingReportingOverflow(Int128(pages - 1))
        return (carry ? .max : sum) / Int128(pages)
    }

    /// Credits for one page, rounded to the nearest millionth.
    public var creditsPerPage: MicroCredits {
        let (quotient, rest) = credits.booked.quotientAndRemainder(dividingBy: Int128(pages))
        return MicroCredits(clamping: rest >= Int128(pages) - rest ? quotient + 1 : quotient)
    }
}
