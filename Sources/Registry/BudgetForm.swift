public import Budgeting
public import Forms
import JSON
import Vocabulary

/// The JSON form of budgets in the file and the admin API.
public enum BudgetForm {
    /// Reads a list of budgets; none when the member is absent.
    public static func read(_ reader: ObjectReader, _ name: String) -> [Budget] {
        var windows = Set<String>()
        return (reader.objects(name, atMost: FormLimits.budgets) ?? []).compactMap { entry in
            let budget = readBudget(entry)
            // A window that could not be read was already reported.
            guard let budget else { return nil }
            // A shadow budget is allowed beside an enforced one, to try out a limit.
            if !windows.insert("\(budget.window) \(budget.isEnforced)").inserted {
                entry.fault("window", "stands twice; give one budget for each window, and one with enforce false")
            }
            return budget
        }
    }

    /// Nil, with a fault, when it has no window or no limit.
    private static func readBudget(_ entry: ObjectReader) -> Budget? {
        defer { entry.finish() }
        let window = readWindow(entry)
        let credits = entry.credits("credits")
        if !entry.isSet("credits") { entry.fault("credits", "is missing; give the limit in credits") }
        let shares = readShares(entry)
        var isEnforced = true
        entry.bool("enforce", into: &isEnforced)
        guard let window, let credits else { return nil }
        return Budget(window: window, limit: credits, isEnforced: isEnforced, alertAtMillionths: shares)
    }

    private static func readWindow(_ entry: ObjectReader) -> BudgetWindow? {
        guard entry.isSet("window") else {
            _ = entry.take("window")
            entry.fault("window", "is missing; give day, week, month or total")
            return nil
        }
        var window = BudgetWindow?.none
        entry.choice("window", into: &window)
        return window
    }

    private static func readShares(_ entry: ObjectReader) -> [Int64] {
        (entry.array("alert_at", atMost: FormLimits.alertShares) ?? []).enumerated().compactMap { index, value in
            guard case .number(let text) = value, let share = MicroCredits(jsonNumber: text.utf8), share.micros > 0,
                share.micros <= 10_000_000
            else {
                entry.report.fault("\(entry.path("alert_at"))[\(index)]", "must be a share of the limit, like 0.8")
                return nil
            }
            return share.micros
        }
    }
}
