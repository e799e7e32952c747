public import Cryptography
import Vocabulary

/// What follows from a schema alone. Immutable.
public struct SchemaParts: Sendable, Equatable {
    /// Canonical JSON.
    public let text: [UInt8]
    /// As `ClassifyRequest.labels` has them; none for a saved classifier.
    public let labels: [[UInt8]]
    /// As `QuestionParts` has them.
    public let labelsDigest, textDigest: Int64

    /// - Parameter text: the schema of the request, or what stands in for that of a saved classifier.
    fileprivate init(of request: ClassifyRequest, _ text: [UInt8], _ hasher: SHA256Hasher) {
        self.text = text
        labels = request.labels
        labelsDigest = Self.digest(request.classifier.map { [Array($0.label.utf8)] } ?? labels, hasher)
        textDigest = Self.number(hasher.digest(text))
    }

    /// Each label is preceded by its length, so that no two lists have the same bytes. The labels are in the order that
    /// counts: sorted, unless the order is part of the meaning.
    private static func digest(_ labels: [[UInt8]], _ hasher: SHA256Hasher) -> Int64 {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(labels.reduce(0) { $0 + 4 + $1.count })
        for label in labels {
            for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: label.count >> shift)) }
            bytes.append(contentsOf: label)
        }
        return number(hasher.digest(bytes))
    }

    static func number(_ digest: Digest) -> Int64 { Int64(bitPattern: digest.word0) }
}

/// The parts of the schemas that were asked for last. Most teams ask many documents about few schemas, and to read and
/// digest a schema again takes as long as to read the whole request.
///
/// Confined to one thread at a time. Holds `countMax` schemas of at most `bytesMax` bytes; one that is longer is made
/// anew each time. A new one takes the place of that which came first.
public final class SchemaMemory {
    static let countMax = 16
    /// Of one text. Labels take as much again at most.
    static let bytesMax = 16 * 1_024

    private var schemas: [SchemaParts] = []
    private var oldest = 0

    public init() {}

    /// How many are kept.
    var count: Int { schemas.count }

    /// The parts of the schema of a request.
    public func parts(of request: ClassifyRequest, with hasher: SHA256Hasher) -> SchemaParts {
        if let classifier = request.classifier {
            return SchemaParts(of: request, classifier.schemaText, hasher)
        }
        let text = request.canonical[request.places.schema]
        for schema in schemas where schema.text.span.hasBytes(of: text.span) { return schema }
        // A copy, since the parts outlive the request and a slice would keep its whole body.
        let schema = SchemaParts(of: request, Array(text), hasher)
        if text.count <= Self.bytesMax { keep(schema) }
        return schema
    }

    private func keep(_ schema: SchemaParts) {
        guard schemas.count == Self.countMax else { return schemas.append(schema) }
        schemas[oldest] = schema
        oldest = (oldest + 1) % Self.countMax
    }
}
