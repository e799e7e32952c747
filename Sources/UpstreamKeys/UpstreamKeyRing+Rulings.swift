import Vocabulary

/// Whether a 401 or a 403 is about the key or about the request: `docs/faults.md` §4.
///
/// - A rejected request is retried with another key. If that succeeds, the first key is at fault.
/// - If the second key is refused as well, the request is suspected, and neither refusal counts. Only a 401 still
///   counts against its key: it says that the key is unknown, which nothing in a request can cause, while a 403 may
///   come from a filter in front of the vendor that dislikes a text.
/// - Where no other key gave an opinion, consecutive refusals of different documents are counted: see `RefusalCount`.
///
/// The answer to a key in quarantine counts only if it is a success: a refusal says nothing about the request.
///
/// A request is refused at most twice. It waits for a cooling key only if the first key was refused as a key: a 403 that
/// is most likely about the document would otherwise wait for a second opinion as long as for an answer.
extension UpstreamKeyRing {
    /// - Parameter first: the previous rejection, if this was the second try.
    mutating func rejected(_ rejection: FirstRejection, after first: FirstRejection?, at now: Moment) -> (
        Ruling, [UpstreamKeyRecord]
    ) {
        guard let first else {
            let others = outlook(without: [rejection.key], at: now)
            if others == .open { return (.tryAnother, []) }
            if rejection.rejection != .refused, others != .closed { return (.tryAnother, []) }
            let (ruling, record) = ruleAlone(on: rejection, at: now)
            return (ruling, record.map { [$0] } ?? [])
        }
        let isShaped = rejection.rejection.isShaped || first.rejection.isShaped
        let suspects = [(first, rejection), (rejection, first)].filter { one, other in
            one.rejection.isUnauthorized || isQuarantined(other.key)
        }
        let records = suspects.compactMap { one, _ in count(one, at: now) }
        return (isShaped ? .passOn : .keyRejected, records)
    }

    /// The ruling when no other key was available, or none gave an opinion.
    mutating func ruleAlone(on first: FirstRejection, at now: Moment) -> (Ruling, UpstreamKeyRecord?) {
        // Judged by what the key was when it was refused: the refusal that brings a key down is passed on like those
        // before.
        let isAccepted = first.rejection.isShaped && !isQuarantined(first.key)
        return (isAccepted ? .passOn : .keyRejected, count(first, at: now))
    }

    /// Counts a refusal against its key, unless the key is already in quarantine.
    private mutating func count(_ refusal: FirstRejection, at now: Moment) -> UpstreamKeyRecord? {
        guard let reason = addRefusal(refusal) else { return nil }
        return quarantine(refusal.key, for: reason, at: now)
    }
}
