import Transport

@testable import Configuration

/// Every property of a configuration by its path, with its value as text: what was read, whatever the reader is like.
enum ConfigurationProperties {
    /// What is said of a file beside its values, and the file itself.
    private static let remarks: Set<String> = ["warnings", "accountsElsewhere", "origin"]

    static func values(_ configuration: GatewayConfiguration) -> [String: String] {
        var values: [String: String] = [:]
        for child in Mirror(reflecting: configuration).children where !remarks.contains(child.label!) {
            add(child.value, child.label!, to: &values)
        }
        return values
    }

    /// Of the properties that two configurations differ in, the paths, with `[]` for each element of an array.
    static func differences(_ one: [String: String], _ other: [String: String]) -> Set<String> {
        Set(Set(one.keys).union(other.keys).filter { one[$0] != other[$0] }.map(withoutIndexes))
    }

    /// `a[12].b` as `a[].b`.
    static func withoutIndexes(_ path: String) -> String {
        var parts = path.split(separator: "[", omittingEmptySubsequences: false)
        for index in parts.indices.dropFirst() { parts[index] = parts[index].drop { $0 != "]" } }
        return parts.joined(separator: "[")
    }

    private static func add(_ value: Any, _ path: String, to values: inout [String: String]) {
        let mirror = Mirror(reflecting: value)
        // Shows nothing of itself.
        if let secret = value as? Secret { return values[path] = "\(secret.bytes)" }
        // One value, whatever its parts are.
        if let duration = value as? Duration { return values[path] = "\(duration)" }
        if let text = value as? PEMText { return values[path] = text.file }
        switch mirror.displayStyle {
        case .struct:
            for child in mirror.children { add(child.value, "\(path).\(child.label!)", to: &values) }
        case .optional:
            if let child = mirror.children.first { add(child.value, path, to: &values) } else { values[path] = "nil" }
        case .collection:
            for (index, child) in mirror.children.enumerated() { add(child.value, "\(path)[\(index)]", to: &values) }
        case .set, .dictionary: values[path] = mirror.children.map { "\($0.value)" }.sorted().joined(separator: ", ")
        default: values[path] = "\(value)"
        }
    }
}
