import ArgumentParser
import Forms
import JSON
import Vocabulary

/// A budget on the command line: `day=500`, `month=10000:shadow`, `month=10000:alert=0.8,1`.
struct BudgetArgument: ExpressibleByArgument {
    private static let windows = ["day", "week", "month", "total"]

    private let window: String
    private let credits: MicroCredits
    /// Shares of the limit; nil lets the gateway choose.
    private var alertAt: [MicroCredits]?
    private var isShadow = false

    init?(argument: String) {
        let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
        let limit = parts[0].split(separator: "=", omittingEmptySubsequences: false)
        guard limit.count == 2, Self.windows.contains(String(limit[0])),
            let credits = MicroCredits(jsonNumber: limit[1].utf8)
        else { return nil }
        window = String(limit[0])
        self.credits = credits
        for part in parts.dropFirst() {
            guard read(part) else { return nil }
        }
    }

    /// Reads one part after the limit; false when it is invalid.
    private mutating func read(_ part: Substring) -> Bool {
        if part == "shadow" {
            isShadow = true
            return true
        }
        guard part.hasPrefix("alert=") else { return false }
        let texts = part.dropFirst(6).split(separator: ",", omittingEmptySubsequences: false)
        let shares = texts.compactMap { MicroCredits(jsonNumber: $0.utf8) }
        alertAt = shares
        return shares.count == texts.count
    }

    var value: JSONValue {
        var members = MemberList()
        members.set("window", .string(window))
        members.set("credits", .credits(credits))
        members.set("alert_at", alertAt.map { .array($0.map(JSONValue.credits)) })
        if isShadow { members.set("enforce", .bool(false)) }
        return members.object
    }
}

/// A budget on one line, in the syntax of `--budget`: `month=10000:alert=0.8,1:shadow`.
enum BudgetText {
    /// Nil when the value is not a budget.
    static func text(_ value: JSONValue) -> String? {
        guard case .string(let window)? = value["window"], case .number(let credits)? = value["credits"] else {
            return nil
        }
        var text = "\(window)=\(credits)"
        if case .array(let shares)? = value["alert_at"], !shares.isEmpty {
            text += ":alert=" + shares.map { TableText.cell($0) }.joined(separator: ",")
        }
        if case .bool(false)? = value["enforce"] { text += ":shadow" }
        return text
    }
}
