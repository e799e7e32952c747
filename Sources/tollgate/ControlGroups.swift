/// The files that hold the memory limits of this process's control groups, cgroups(7). Pure.
///
/// A limit applies to all groups below it, so every group from the process's own up to the mount point counts. In a
/// container the mount may show only part of the tree, or the path may lie outside it: then the mount point is the
/// nearest visible group.
struct ControlGroups {
    /// Files that may hold a limit; they need not exist.
    let limitFiles: [String]

    /// - Parameters:
    ///   - membership: the text of /proc/self/cgroup.
    ///   - mounts: the text of /proc/self/mountinfo.
    init(membership: String, mounts: String) {
        let paths = membership.split(separator: "\n").compactMap(Self.path)
        limitFiles = mounts.split(separator: "\n").compactMap(Mount.init).flatMap { mount in
            let path = paths.first { $0.isUnified == mount.isUnified }?.path ?? "/"
            return Self.folders(of: path, in: mount).flatMap { folder in
                mount.fileNames.map { "\(folder)/\($0)" }
            }
        }
    }

    /// Parses the content of such a file, in bytes; nil for no limit.
    static func limit(_ text: String) -> Int? {
        guard let value = Int(text.split(separator: "\n").first ?? "") else { return nil }
        return value > 0 ? value : nil
    }

    /// `4:memory:/PATH` of version 1, `0::/PATH` of version 2.
    private static func path(_ line: Substring) -> (isUnified: Bool, path: Substring)? {
        let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        if parts[1].isEmpty { return (true, parts[2]) }
        return parts[1].split(separator: ",").contains("memory") ? (false, parts[2]) : nil
    }

    private static func folders(of path: Substring, in mount: Mount) -> [String] {
        var names = path.split(separator: "/")
        let root = mount.root.split(separator: "/")
        if names.starts(with: root) { names.removeFirst(root.count) } else { names = [] }
        if names.contains("..") { names = [] }
        return (0...names.count).map { count in
            ([mount.point] + names.prefix(count).map(String.init)).joined(separator: "/")
        }
    }

    /// A line of /proc/self/mountinfo for a control group mount that can limit memory.
    private struct Mount {
        let isUnified: Bool
        let root: Substring
        let point: String

        var fileNames: [String] { isUnified ? ["memory.max", "memory.high"] : ["memory.limit_in_bytes"] }

        init?(_ line: Substring) {
            let fields = line.split(separator: " ")
            guard let dash = fields.firstIndex(of: "-"), dash >= 6, fields.count > dash + 3 else { return nil }
            switch fields[dash + 1] {
            case "cgroup2": isUnified = true
            case "cgroup" where fields[dash + 3].split(separator: ",").contains("memory"): isUnified = false
            default: return nil
            }
            root = fields[3]
            point = fields[4] == "/" ? "" : String(fields[4])
        }
    }
}
