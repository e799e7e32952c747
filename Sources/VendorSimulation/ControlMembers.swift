import Foundation
import Vocabulary

/// The members of one control call's JSON object, each read once; unknown members are refused.
struct ControlMembers {
    private var members: [String: Any]

    /// - Parameter text: a JSON object; empty text counts as an empty object.
    init(_ text: [UInt8]) throws(ControlFault) {
        if text.isEmpty {
            members = [:]
            return
        }
        guard let value = try? JSONSerialization.jsonObject(with: Data(text)), let members = value as? [String: Any]
        else { throw ControlFault("the body must be a JSON object") }
        self.members = members.filter { !($0.value is NSNull) }
    }

    private init(_ members: [String: Any]) { self.members = members.filter { !($0.value is NSNull) } }

    mutating func text(_ name: String) throws(ControlFault) -> String? {
        guard let value = members.removeValue(forKey: name) else { return nil }
        guard let text = value as? String else { throw ControlFault("\(name) must be a string") }
        return text
    }

    mutating func integer(_ name: String, _ range: ClosedRange<Int>) throws(ControlFault) -> Int? {
        guard let value = members.removeValue(forKey: name) else { return nil }
        guard let number = value as? NSNumber, let integer = Int(exactly: number.doubleValue), range.contains(integer)
        else { throw ControlFault("\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound)") }
        return integer
    }

    mutating func truth(_ name: String) throws(ControlFault) -> Bool? {
        guard let value = members.removeValue(forKey: name) else { return nil }
        guard let truth = value as? Bool else { throw ControlFault("\(name) must be true or false") }
        return truth
    }

    mutating func milliseconds(_ name: String) throws(ControlFault) -> Duration? {
        try integer(name, 0...86_400_000).map { .milliseconds($0) }
    }

    mutating func texts(_ name: String) throws(ControlFault) -> [String]? {
        guard let value = members.removeValue(forKey: name) else { return nil }
        guard let texts = value as? [String] else { throw ControlFault("\(name) must be a list of strings") }
        return texts
    }

    mutating func object(_ name: String) throws(ControlFault) -> ControlMembers? {
        guard let value = members.removeValue(forKey: name) else { return nil }
        guard let object = value as? [String: Any] else { throw ControlFault("\(name) must be an object") }
        return ControlMembers(object)
    }

    /// The JSON text of a number, or a string as is.
    mutating func numberText(_ name: String) throws(ControlFault) -> String? {
        switch members.removeValue(forKey: name) {
        case nil: return nil
        case let text as String: return text
        case let number as NSNumber: return number.description
        default: throw ControlFault("\(name) must be a number or a string")
        }
    }

    mutating func credits(_ name: String, atMost maximum: MicroCredits) throws(ControlFault) -> MicroCredits? {
        guard let text = try numberText(name) else { return nil }
        guard let credits = MicroCredits(jsonNumber: text.utf8), credits <= maximum else {
            throw ControlFault("\(name) must be credits from 0 to \(maximum), at most six decimals")
        }
        return credits
    }

    var names: [String] { members.keys.sorted() }

    func expectNoMore() throws(ControlFault) {
        guard let name = names.first else { return }
        throw ControlFault("\(name): no such member here")
    }
}
