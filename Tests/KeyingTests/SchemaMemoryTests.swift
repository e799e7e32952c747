import Cryptography
import Testing

@testable import Keying

@Suite("The schemas that were asked for last")
struct SchemaMemoryTests {
    private let memory = SchemaMemory()
    private let hasher = SHA256Hasher()

    private func parts(_ schema: String) throws -> SchemaParts {
        memory.parts(of: try readClassify(classifyBody(schema: schema), .significant), with: hasher)
    }

    private func schema(_ number: Int, padding: Int = 0) -> String {
        let text = String(repeating: "x", count: padding)
        return #"[{"description":"\#(text)","label":"a\#(number)"},{"description":"","label":"\u0062"}]"#
    }

    @Test("are told apart, however many there are and in whatever order they come again")
    func apart() throws {
        for number in [0, 1, 0] + Array(0...40) + [40, 3, 25, 24, 23, 40, 0] {
            let parts = try parts(schema(number))
            #expect(parts.labels == ["a\(number)", "b"].map { Array($0.utf8) })
            #expect(
                try parts
                    == SchemaMemory().parts(
                        of: readClassify(classifyBody(schema: schema(number)), .significant),
                        with: hasher
                    )
            )
        }
    }

    @Test("the same categories in another order are another schema where the order counts")
    func order() throws {
        let turned = #"[{"description":"","label":"b"},{"description":"","label":"a1"}]"#
        let (one, other) = (try parts(schema(1)), try parts(turned))
        #expect(one.labelsDigest != other.labelsDigest && one.textDigest != other.textDigest)
    }

    @Test("one that is too long to be kept is read anew, and drives none out")
    func long() throws {
        _ = try parts(schema(1))
        for number in 2..<60 {
            let long = try parts(schema(number, padding: SchemaMemory.bytesMax))
            #expect(long.labels[0] == Array("a\(number)".utf8))
        }
        #expect(memory.count == 1)
    }

    @Test("no more are kept than there is room for")
    func bounded() throws {
        for number in 0..<100 { _ = try parts(schema(number)) }
        #expect(memory.count == SchemaMemory.countMax)
    }

    @Test("saved classifiers have no labels, and differ though a request with a schema of its own came between")
    func classifiers() throws {
        func parts(_ identifier: String) throws -> SchemaParts {
            let body = Array(classifyBody(schema: nil).utf8)
            let classifier = SavedClassifier(identifier: identifier, epoch: 3)
            let request = try ClassifyReader().read(body.span, schemaOrder: .insignificant, of: classifier)
            return memory.parts(of: request, with: hasher)
        }
        let first = try parts("7d0c")
        _ = try self.parts(schema(1))
        #expect(first.labels.isEmpty)
        #expect(try first == parts("7d0c") && first != parts("7d0d"))
    }
}
