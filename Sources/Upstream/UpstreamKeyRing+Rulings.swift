import Vocabulary

/// Whether a 401 or a 403 is about the key or about the document: contract §7.
///
/// - A 401 is about the key, and so is a 403 that is not in the vendor's own words: the key is quarantined at once.
/// - A 403 in the vendor's words is put to another key. If that one succeeds, it was the key. If that one is refused too,
///   it was the document, and neither key suffers or is counted against.
/// - Where there is no other key to ask, refusals of different documents in a row are counted: the fifth was the key.
///
/// A request is tried twice at most. A key that cools is waited for only where the first key is at fault for sure: what is
/// most likely the document's own 403 would else wait for a second opinion as long as for an answer.
extension UpstreamKeyRing {
    /// Refusals of different documents in a row, none of them put to another key, that are about the key.
    private static let refusalsMax = 5

    /// - Parameter first: the rejection before, when this was the second try. If that was a refusal and this key is at fault,
    ///   the ruling is on the first one.
    mutating func rejected(
        _ rejection: Rejection,
        by key: UpstreamKey,
        after first: FirstRejection?,
        document: String,
        at now: Moment
    ) -> (Ruling, [UpstreamKeyRecord]) {
        if let reason = rejection.reason {
            let record = quarantine(key, for: reason)
            let (ruling, more): (Ruling, UpstreamKeyRecord?)
            if let first {
                (ruling, more) = ruleAlone(on: first, document: document)
            } else {
                (ruling, more) = (outlook(without: [key], at: now) == .closed ? .keyRejected : .tryAnother, nil)
            }
            return (ruling, [record, more].compactMap { $0 })
        }
        if first != nil { return (.passOn, []) }
        if outlook(without: [key], at: now) == .open { return (.tryAnother, []) }
        let (ruling, record) = ruleAlone(on: FirstRejection(key: key, rejection: rejection), document: document)
        return (ruling, record.map { [$0] } ?? [])
    }

    /// The ruling where no other key was found to say more, or none that the vendor accepts.
    mutating func ruleAlone(on first: FirstRejection, document: String) -> (Ruling, UpstreamKeyRecord?) {
        guard first.rejection == .refused else { return (.keyRejected, nil) }
        guard countRefusal(of: document, by: first.key) >= Self.refusalsMax else { return (.passOn, nil) }
        return (.keyRejected, quarantine(first.key, for: .refusedRepeatedly))
    }
}
