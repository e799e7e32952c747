/// The identifier of a team, the unit of billing inside the organization. Unique in the organization, never reused.
public struct TeamID: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public var description: String { rawValue }
}

/// The identifier of a vendor account. A document belongs to one; all upstream keys of an account see the same
/// documents.
public struct AccountID: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public var description: String { rawValue }
}

/// The identifier of a team's key: its public name, which reveals nothing about its secret.
public struct TeamKeyID: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public var description: String { rawValue }
}

/// The identifier of an upstream key: its public name, which reveals nothing about its secret.
public struct UpstreamKeyID: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public var description: String { rawValue }
}
