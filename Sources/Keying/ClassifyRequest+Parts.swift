public import Cryptography
public import Vocabulary

extension ClassifyRequest {
    /// The parts by which this question is compared with others about the same document.
    ///
    /// - Parameter schema: that of this request.
    public func parts(_ schema: SchemaParts, with hasher: SHA256Hasher) -> QuestionParts {
        QuestionParts(
            labels: schema.labelsDigest,
            schema: schema.textDigest,
            otherMembers: othersDigest(hasher),
            pages: pages?.text,
            schemaText: schema.text[...]
        )
    }

    private func othersDigest(_ hasher: SHA256Hasher) -> Int64? {
        if places.others.isEmpty { return nil }
        hasher.reset()
        for range in places.others {
            hasher.update(canonical.span.extracting(range))
            // Canonical JSON has no line break, so it separates members.
            hasher.update([0x0A])
        }
        return SchemaParts.number(hasher.finalize())
    }
}

extension SavedClassifier {
    /// Stands in for the labels, which the vendor has: two classifiers differ in their labels. No request with a schema
    /// of its own has a single label.
    var label: String { "saved classifier \(foldedIdentifier)" }

    /// Stands in for the schema: two questions to one classifier of different epochs differ in its text. No character
    /// of an identifier needs an escape.
    var schemaText: [UInt8] {
        Array(#"[{"description":"as of change \#(epoch)","label":"\#(label)"}]"#.utf8)
    }
}
