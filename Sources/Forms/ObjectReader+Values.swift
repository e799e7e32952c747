public import JSON
import Observability
public import Vocabulary

/// Typed access to members. Each function leaves `target` unchanged when the member is absent, and reports invalid
/// values.
extension ObjectReader {
    public func string(_ name: String, into target: inout String, notEmpty: Bool = true) {
        guard let text = string(name) else { return }
        if text.isEmpty && notEmpty { return fault(name, "must not be empty") }
        target = text
    }

    /// A name chosen by people, which appears in lists, reports and the audit log: short, and no secret.
    public func name(_ name: String, into target: inout String, notEmpty: Bool = true) {
        guard let text = string(name) else { return }
        if text.isEmpty && notEmpty { return fault(name, "must not be empty") }
        if let reason = Self.whatIsWrong(withName: text) { return fault(name, reason) }
        target = text
    }

    /// What is wrong with a non-empty name; nil when it is valid.
    public static func whatIsWrong(withName text: String) -> String? {
        if text.unicodeScalars.count > FormLimits.nameCharacters {
            return "must have at most \(FormLimits.nameCharacters) characters"
        }
        return KeyShape.isFound(in: text) ? "has what looks like a team's key in it, and it is shown to others" : nil
    }

    /// The text of a member; nil when it is absent or not a string.
    public func string(_ name: String) -> String? {
        guard let value = take(name) else { return nil }
        guard case .string(let text) = value else {
            fault(name, "must be a string, not \(value.kindName)")
            return nil
        }
        return text
    }

    public func bool(_ name: String, into target: inout Bool) {
        guard let value = take(name) else { return }
        guard case .bool(let flag) = value else { return fault(name, "must be true or false, not \(value.kindName)") }
        target = flag
    }

    public func integer(_ name: String, into target: inout Int, _ range: ClosedRange<Int>) {
        guard let value = take(name) else { return }
        guard case .number(let text) = value else {
            return fault(name, "must be a whole number, not \(value.kindName)")
        }
        guard let number = Int(text), range.contains(number) else {
            return fault(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        target = number
    }

    public func duration(_ name: String, into target: inout Duration, zeroAllowed: Bool = false) {
        guard let value = take(name) else { return }
        guard case .string(let text) = value, let duration = Units.duration(text) else {
            return fault(name, #"must be a duration like "250ms", "30s", "15m", "24h" or "30d""#)
        }
        if duration == .zero && !zeroAllowed { return fault(name, "must be longer than nothing") }
        guard duration <= .seconds(3_650 * 86_400) else { return fault(name, "must be at most 3650d") }
        target = duration
    }

    public func size(_ name: String, into target: inout Int, _ range: ClosedRange<Int>) {
        guard let value = take(name) else { return }
        guard case .string(let text) = value, let size = Units.size(text) else {
            return fault(name, #"must be a size like "512B", "64KiB", "256MiB" or "1GiB""#)
        }
        guard range.contains(size) else {
            return fault(name, "must be from \(Units.text(range.lowerBound)) to \(Units.text(range.upperBound))")
        }
        target = size
    }

    public func choice<Choice: RawRepresentable<String> & CaseIterable>(_ name: String, into target: inout Choice) {
        var chosen: Choice? = target
        choice(name, into: &chosen)
        if let chosen { target = chosen }
    }

    public func choice<Choice: RawRepresentable<String> & CaseIterable>(_ name: String, into target: inout Choice?) {
        guard let value = take(name) else { return }
        guard case .string(let text) = value, let choice = Choice(rawValue: text) else {
            let names = Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
            return fault(name, "must be one of \(names)")
        }
        target = choice
    }

    public func timestamp(_ name: String, into target: inout Timestamp?) {
        guard let value = take(name) else { return }
        guard case .string(let text) = value, let timestamp = Timestamp(rfc3339: text) else {
            return fault(name, #"must be a time like "2027-01-01T00:00:00Z""#)
        }
        target = timestamp
    }

    /// An amount of credits, exact to one millionth.
    public func credits(_ name: String) -> MicroCredits? {
        guard let value = take(name) else { return nil }
        return Self.credits(value, path(name), report)
    }

    public static func credits(_ value: JSONValue, _ path: String, _ report: FormReport) -> MicroCredits? {
        guard case .number(let text) = value, let credits = MicroCredits(jsonNumber: text.utf8) else {
            report.fault(path, "must be a number of credits, 0 or more, with at most 6 decimals")
            return nil
        }
        return credits
    }

    /// A positive number with up to six decimals, in millionths.
    public func millionths(_ name: String) -> Int64? {
        guard let value = take(name) else { return nil }
        guard case .number(let text) = value, let number = MicroCredits(jsonNumber: text.utf8), number.micros > 0 else {
            fault(name, "must be a number above 0 with at most 6 decimals")
            return nil
        }
        return number.micros
    }

    /// A share above 0 and of at most 1, in millionths.
    public func share(_ name: String, into target: inout Int64) {
        guard let value = take(name) else { return }
        guard case .number(let text) = value, let share = MicroCredits(jsonNumber: text.utf8), share.micros > 0,
            share.micros <= 1_000_000
        else { return fault(name, "must be a share like 0.05: above 0, at most 1, with at most 6 decimals") }
        target = share.micros
    }

    /// - Parameters:
    ///   - count: the maximum number of elements; a longer array is a fault, and none of it is read.
    ///   - whatIsWrong: returns what is wrong with one text; nil when it is valid.
    public func strings(
        _ name: String,
        atMost count: Int,
        _ whatIsWrong: (String) -> String? = { _ in nil }
    ) -> [String]? {
        guard let values = array(name, atMost: count) else { return nil }
        return values.enumerated().compactMap { index, value in
            let element = "\(path(name))[\(index)]"
            guard case .string(let text) = value, !text.isEmpty else {
                report.fault(element, "must be a string that is not empty")
                return nil
            }
            if let reason = whatIsWrong(text) { report.fault(element, reason) }
            return text
        }
    }

    /// - Parameter count: the maximum number of elements; a longer array is a fault, and none of it is read.
    public func array(_ name: String, atMost count: Int) -> [JSONValue]? {
        guard let value = take(name) else { return nil }
        guard case .array(let values) = value else {
            fault(name, "must be an array, not \(value.kindName)")
            return nil
        }
        guard values.count <= count else {
            fault(name, "must have at most \(count) elements, not \(values.count)")
            return nil
        }
        return values
    }

    /// A reader of the object in this member.
    public func object(_ name: String) -> ObjectReader? {
        guard let value = take(name) else { return nil }
        return ObjectReader(value, path: path(name), report: report)
    }

    /// A reader for each object in this member's array.
    ///
    /// - Parameter count: the maximum number of elements; a longer array is a fault, and none of it is read.
    public func objects(_ name: String, atMost count: Int) -> [ObjectReader]? {
        guard let values = array(name, atMost: count) else { return nil }
        return values.enumerated().compactMap { index, value in
            ObjectReader(value, path: "\(path(name))[\(index)]", report: report)
        }
    }
}

/// Members that may be null, in forms that remove a value by it.
extension ObjectReader {
    /// Whether the member is present, null, and allowed to be; it then counts as read.
    public func isNull(_ name: String) -> Bool {
        guard report.takesNull, isSet(name), case .null? = take(name) else { return false }
        return true
    }
}
