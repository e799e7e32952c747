/// What is fuzzed: docs/fuzzing.md says what each target holds.
enum FuzzTarget: String, CaseIterable {
    case requests, responses, chunks, json, keys, fields, configuration, admin, passthrough, postgresql, answers

    /// Holds the rules of the target for one input.
    ///
    /// - Throws: the rule that the input breaks. The product may trap before.
    func run(_ input: [UInt8]) throws(BrokenRule) {
        switch self {
        case .requests: try RequestTarget(input).run()
        case .responses: try ResponseTarget(input).run()
        case .chunks: try ChunkTarget(input).run()
        case .json: try JSONTarget(input).run()
        case .keys: try KeyTarget(input).run()
        case .fields: try FieldTarget(input).run()
        case .configuration: try ConfigurationTarget(input).run()
        case .admin: try AdminTarget(input).run()
        case .passthrough: try PassthroughTarget(input).run()
        case .postgresql: try PostgreSQLTarget(input).run()
        case .answers: try AnswerTarget(input).run()
        }
    }
}

/// A rule that does not hold for an input, in one sentence.
struct BrokenRule: Error, Equatable, CustomStringConvertible {
    let description: String
}

/// - Throws: `rule`, which says what should be, unless it is so.
func hold(_ isSo: Bool, _ rule: @autoclosure () -> String) throws(BrokenRule) {
    if !isSo { throw BrokenRule(description: rule()) }
}

/// The value; nil breaks the rule.
func need<Value>(_ value: Value?, _ rule: @autoclosure () -> String) throws(BrokenRule) -> Value {
    guard let value else { throw BrokenRule(description: rule()) }
    return value
}
