internal import Budgeting
internal import Reporting
import Vocabulary

/// The payments and rates of some endings, written together, with the same outcome as if they had been booked one after
/// the other. Confined to the writer's thread. The steps are called in the order in which they stand here.
final class BookingGroup {
    private struct Paid {
        let booking: Booking
        let question: PaidQuestion
        let payment: Payment
        /// The latest earlier payments for its document, latest first.
        let earlier: [Payment]

        var hasSameQuestion: Bool { earlier.contains { $0.key == payment.key } }
    }

    /// The latest payments for a document, latest first.
    private final class Latest {
        var payments: [Payment] = []
    }

    private var latest: [DocumentKey: Latest] = [:]
    private var schemas = SchemaPlaces()
    private var rates = RateChanges()
    private var paid: [Paid] = []

    /// Asks for what must be known of an ending: earlier payments for its document, and its schema.
    func lookUp(_ ending: ReservationEnding, on connection: StoreConnection) throws {
        guard ending.outcome.isPayment, let question = ending.question else { return }
        let document = ending.reservation.ask.document
        if latest[document] == nil {
            let found = Latest()
            latest[document] = found
            try PaymentTable.lookUp(document, on: connection) { found.payments.append($0) }
        }
        try schemas.lookUp(question.parts, on: connection)
    }

    /// What the bookings come to, one after the other; what has been asked for is there.
    func arrange(_ bookings: [Booking]) {
        for booking in bookings {
            rates.add(booking.ending)
            if let paid = booking.paid { pay(booking, paid) }
        }
    }

    private func pay(_ booking: Booking, _ paid: Booking.Paid) {
        guard let latest = latest[booking.ending.reservation.ask.document] else {
            preconditionFailure("a payment for a document that was not looked up")
        }
        let payment = PaymentTable.payment(booking.ending, paid)
        let others = latest.payments
        self.paid.append(Paid(booking: booking, question: paid.question, payment: payment, earlier: others))
        latest.payments.insert(payment, at: others.firstIndex { $0.id < payment.id } ?? others.count)
        if latest.payments.count > Int(PaymentTable.comparedMax) { latest.payments.removeLast() }
        schemas.keep(paid.question.parts)
    }

    /// The questions that were paid for before, and of which it is not known whether there is a result.
    var undecided: KeyedList<CacheKey, Void> {
        var undecided = KeyedList<CacheKey, Void>()
        for paid in paid where paid.hasSameQuestion {
            if let key = paid.booking.undecidedKey { undecided.set((), for: key) }
        }
        return undecided
    }

    /// - Parameter stored: those of the undecided questions that the store had a result of.
    func write(stored: Set<CacheKey>, on connection: StoreConnection) throws {
        for paid in paid {
            if let (first, reason) = repeated(paid, stored) {
                try RepeatTable.add(paid.booking.ending, repeating: first, reason, on: connection)
            }
            try PaymentTable.add(paid.payment, paid.booking.ending.reservation.ask, on: connection)
        }
        try schemas.write(on: connection)
        try rates.write(on: connection)
    }

    /// Why a payment could not be avoided when the account had paid for the document before.
    private func repeated(_ paid: Paid, _ stored: Set<CacheKey>) -> (first: Payment, reason: RepeatReason)? {
        if paid.earlier.isEmpty { return nil }
        let question = paid.question
        let isResultThere = paid.booking.isResultThere ?? stored.contains(paid.payment.key)
        let later = LaterPayment(
            payment: paid.payment,
            createdAt: paid.booking.ending.reservation.createdAt,
            noCache: question.noCache,
            noStore: question.noStore,
            maxAgeSeconds: question.maxAgeSeconds,
            lifetimeMicroseconds: question.lifetimeMicroseconds,
            isResultThere: paid.hasSameQuestion && isResultThere
        )
        return later.repeated(among: paid.earlier)
    }
}

extension ReservationAsk {
    fileprivate var document: DocumentKey { DocumentKey(account: account, documentID: documentID) }
}
