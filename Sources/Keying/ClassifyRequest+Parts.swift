public import Cryptography
public import Vocabulary

extension ClassifyRequest {
    /// The parts by which this question is compared with others about the same document.
    ///
    /// - Parameter labels: those of this request, which the judge of its reply has parsed already.
    public func parts(labels: [[UInt8]], with hasher: SHA256Hasher) -> QuestionParts {
        // A copy, since the parts outlive the request and a slice would keep its whole body.
        let schemaText = classifier?.schemaText ?? Array(canonical[places.schema])
        return QuestionParts(
            labels: digest(classifier.map { [Array($0.label.utf8)] } ?? labels, hasher),
            schema: Self.number(hasher.digest(schemaText)),
            otherMembers: othersDigest(hasher),
            pages: pages?.text,
            schemaText: schemaText[...]
        )
    }

    /// Each label is preceded by its length, so that no two lists have the same bytes. The labels are in the order that
    /// counts: sorted, unless the order is part of the meaning.
    private func digest(_ labels: [[UInt8]], _ hasher: SHA256Hasher) -> Int64 {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(labels.reduce(0) { $0 + 4 + $1.count })
        for label in labels {
            for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: label.count >> shift)) }
            bytes.append(contentsOf: label)
        }
        return Self.number(hasher.digest(bytes))
    }

    private func othersDigest(_ hasher: SHA256Hasher) -> Int64? {
        if places.others.isEmpty { return nil }
        hasher.reset()
        for range in places.others {
            hasher.update(canonical.span.extracting(range))
            // Canonical JSON has no line break, so it separates members.
            hasher.update([0x0A])
        }
        return Self.number(hasher.finalize())
    }

    private static func number(_ digest: Digest) -> Int64 { Int64(bitPattern: digest.word0) }
}

extension SavedClassifier {
    /// Stands in for the labels, which the vendor has: two classifiers differ in their labels. No request with a schema
    /// of its own has a single label.
    fileprivate var label: String { "saved classifier \(foldedIdentifier)" }

    /// Stands in for the schema: two questions to one classifier of different epochs differ in its text. No character of
    /// an identifier needs an escape.
    fileprivate var schemaText: [UInt8] {
        Array(#"[{"description":"as of change \#(epoch)","label":"\#(label)"}]"#.utf8)
    }
}
