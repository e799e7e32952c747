import Forms
import Foundation
import JSON
import Testing

@testable import Configuration

@Suite("docs/settings.md says what the reader takes")
struct SettingsPageTests {
    private let bench: Bench
    private let sample: ConfigurationText

    static let rows = (try? SettingsPage().rows) ?? []

    init() throws {
        bench = try Bench()
        sample = try ConfigurationText(Samples.contract)
    }

    // MARK: Members

    /// Where members stand that the page describes in one place for several.
    private static let budgetPlaces = ["budgets.organization[]", "teams[].budgets[]", "teams[].keys[].budgets[]"]

    /// The path under which the page has a member.
    private func pathOnPage(_ path: String) -> String {
        let path = ConfigurationProperties.withoutIndexes(path)
        guard let place = Self.budgetPlaces.first(where: { path.hasPrefix($0 + ".") }) else { return path }
        return Self.budgetPlaces[0] + path.dropFirst(place.count)
    }

    /// A member of the sample that a row is about.
    private func member(_ row: SettingsPage.Row) -> (path: String, value: JSONValue)? {
        sample.places.first { pathOnPage($0.path) == row.path }
    }

    private func place(_ row: SettingsPage.Row) -> String { member(row)?.path ?? row.path }

    @Test("the page has each member of the sample once, and no other")
    func members() {
        var paths = Set<String>()
        for (path, value) in sample.places {
            let isWithin = [".secret.", ".password.", "credits_per_page."].contains { path.contains($0) }
            let isElement = path.hasSuffix("]")
            if case .object = value, !["secret", "password", "credits_per_page"].contains(where: path.hasSuffix) {
                continue
            }
            if !isWithin, !isElement { paths.insert(pathOnPage(path)) }
        }
        #expect(Set(Self.rows.map(\.path)).symmetricDifference(paths) == [])
        #expect(Self.rows.count == paths.count)
    }

    /// Values, as JSON, of which at least one is not that of the sample.
    private func others(_ row: SettingsPage.Row) throws -> [String] {
        let value = try #require(member(row)).value
        switch (row.range, value) {
        case (.between(let low, let high), .string): return ["\"\(low)\"", "\"\(high)\""]
        case (.between(let low, let high), _): return [low, high]
        case (.oneOf(let names), _): return names.map { "\"\($0)\"" }
        case (.trueOrFalse, _): return ["true", "false"]
        case (.atMost, .string): return [#""other""#]
        case (.atMost, .object): return [#"{"other": 2}"#]
        case (.atMost, _): return try elements(row).map { "[\($0)]" }
        case (.words, .string(let file)) where row.path.hasSuffix("_file"): return ["\"other-\(file)\""]
        case (.words, .object): return [#"{"value": "another-secret-0123456789"}"#]
        case (.words, .array): return []
        case (.words, _) where row.path == "upstream.base_url": return [#""http://127.0.0.1:8081/api""#]
        case (.words, _): return MemberRange.all.filter { pathOnPage($0.path) == row.path }.flatMap(\.good)
        }
    }

    /// Elements of an array of plain values; of objects none, since their members have rows of their own.
    private func elements(_ row: SettingsPage.Row) throws -> [String] {
        switch row.path {
        case "admin.hosts": [#""other.example.com""#]
        case "passthrough.prefixes": [#""/other/""#, #""/v1/", "/other/""#]
        case "teams[].models": [#""other""#]
        case "budgets.organization[].alert_at": ["0.5", "0.8, 0.9"]
        default: []
        }
    }

    @Test("no property of the configuration comes from a member that the page does not have")
    func properties() throws {
        for name in ["server.pem", "server.key", "clients.pem", "ca.pem"] {
            try bench.folder.write(String(decoding: bench.folder.read(name), as: UTF8.self), to: "other-" + name)
        }
        let before = ConfigurationProperties.values(try bench.configuration(sample.text))
        var changed = Set<String>()
        for row in Self.rows {
            let places = Self.budgetPlaces.map { row.path.replacing(Self.budgetPlaces[0] + ".", with: $0 + ".") }
            // The sample's second budget of the team has what the first has not.
            for place in Set(places).map({ $0.replacing("teams[].budgets[]", with: "teams[].budgets[1]") }) {
                let place = place.replacing("[]", with: "[0]")
                for value in try others(row) {
                    // A window that stands twice is refused.
                    guard case .success(let read) = bench.load(try sample.replacing(place, by: value).text) else {
                        continue
                    }
                    changed.formUnion(ConfigurationProperties.differences(before, ConfigurationProperties.values(read)))
                }
            }
        }
        #expect(Set(before.keys.map(ConfigurationProperties.withoutIndexes)).subtracting(changed) == [])
    }

    // MARK: Defaults

    @Test("a default is what the reader gives without the member", arguments: rows)
    func standard(_ row: SettingsPage.Row) throws {
        let without = try sample.replacing(place(row), by: nil).text
        switch row.standard {
        case .required: #expect(bench.faults(without).contains { $0.hasPrefix(place(row) + ": is missing") })
        case .none: #expect(bench.faults(without) == [])
        case .value(let value):
            let with = try sample.replacing(place(row), by: value).text
            let differences = ConfigurationProperties.differences(
                ConfigurationProperties.values(try bench.configuration(without)),
                ConfigurationProperties.values(try bench.configuration(with))
            )
            #expect(differences == [], "\(row.path)")
        }
    }

    // MARK: Ranges

    private func faults(_ row: SettingsPage.Row, _ value: String) throws -> [String] {
        try bench.faults(sample.replacing(place(row), by: value).text)
    }

    private func expectRefused(_ row: SettingsPage.Row, _ value: String) throws {
        let faults = try faults(row, value)
        #expect(faults.count == 1 && faults[0].hasPrefix(place(row) + ": "), "\(row.path) = \(value): \(faults)")
    }

    @Test("a range is what the reader takes: its ends, and nothing beyond them", arguments: rows)
    func range(_ row: SettingsPage.Row) throws {
        switch row.range {
        case .words: break
        case .trueOrFalse:
            for flag in ["true", "false"] { #expect(try faults(row, flag) == []) }
            try expectRefused(row, "0")
        case .oneOf(let names):
            for name in names { #expect(try faults(row, "\"\(name)\"") == []) }
            let list = names.map { "\"\($0)\"" }.joined(separator: ", ")
            #expect(try faults(row, #""x""#) == ["\(place(row)): must be one of \(list)"])
        case .between(let low, let high):
            let (below, above) = try beyond(low, high)
            let quote = Int(low) == nil && Decimal(string: low)?.description != low ? "\"" : ""
            for value in [low, high] { #expect(try faults(row, quote + value + quote) == [], "\(row.path) = \(value)") }
            for value in [below, above] { try expectRefused(row, quote + value + quote) }
        case .atMost(let count): try checkCount(row, count)
        }
    }

    /// The values next to the ends of a range, outside.
    private func beyond(_ low: String, _ high: String) throws -> (String, String) {
        if let least = Units.size(low), let greatest = Units.size(high) { return ("\(least - 1)B", "\(greatest + 1)B") }
        if let least = Units.duration(low), let greatest = Units.duration(high) {
            func text(_ duration: Duration) -> String {
                "\(duration / .milliseconds(1))".split(separator: ".")[0] + "ms"
            }
            return (least == .zero ? "-1ms" : text(least - .milliseconds(1)), text(greatest + .milliseconds(1)))
        }
        let least = try #require(Decimal(string: low))
        let greatest = try #require(Decimal(string: high))
        let step: Decimal = low.contains(".") ? Decimal(string: "0.000001")! : 1
        return ("\(least - step)", "\(greatest + step)")
    }

    private func checkCount(_ row: SettingsPage.Row, _ count: Int) throws {
        let (path, value) = try #require(member(row))
        func text(_ count: Int) -> String {
            switch value {
            case .string: "\"\(String(repeating: "x", count: count))\""
            case .object: "{" + (0..<count).map { "\"\($0)\": 1" }.joined(separator: ", ") + "}"
            default: "[" + Array(repeating: "0", count: count).joined(separator: ", ") + "]"
            }
        }
        let fault = "\(path): must have at most \(count) "
        #expect(try !faults(row, text(count)).contains { $0.hasPrefix(fault) }, "\(row.path)")
        #expect(try faults(row, text(count + 1)).contains { $0.hasPrefix(fault) }, "\(row.path)")
    }
}
