public import Budgeting
public import JSON
import Reporting
import Vocabulary

/// Budgets as the admin API and `GET /tollgate/usage` show them: `docs/api.md` §4 and §6.
extension ScopeStanding {
    /// One object for each budget, in their order.
    public var json: [JSONValue] {
        let forecast = RunOutForecast(used: used, calendar: calendar)
        return budgets.map { standing in
            let end = standing.nextStart.map { calendar.start(of: $0) }
            let runsOut = forecast.runsOut(remaining: standing.remaining, at: at, before: end).map(Self.second)
            return .object([
                ("window", .string(standing.budget.window.rawValue)), ("credits", .credits(standing.budget.limit)),
                ("enforce", .bool(standing.budget.isEnforced)),
                ("alert_at", .array(standing.budget.alertAtMillionths.map { .millionths($0) })),
                ("granted", .credits(standing.granted)), ("spent", .credits(standing.spent)),
                ("unconfirmed", .credits(standing.unconfirmed)), ("reserved", .credits(standing.reserved)),
                ("remaining", .credits(standing.remaining)), ("resets_at", .orNull(end) { .time($0) }),
                ("runs_out_at", .orNull(runsOut) { .time($0) }),
                ("would_have_refused", .integer(standing.shadowRefusals)),
            ])
        }
    }

    /// A forecast is not exact to fractions of a second.
    private static func second(_ moment: Timestamp) -> Timestamp { Timestamp(seconds: moment.wholeSeconds) }
}
