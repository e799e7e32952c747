import Testing

@testable import tollgate

@Suite("Where control groups have their limits")
struct ControlGroupsTests {
    private static let unified = "35 24 0:30 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
    private static let memory = "34 25 0:31 / /sys/fs/cgroup/memory rw,nosuid shared:9 - cgroup cgroup rw,memory\n"
    private static let processors = "33 25 0:32 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"

    @Test("version 2: the process's own group and all above it")
    func version2() {
        let mounts = "21 1 8:1 / / rw - ext4 /dev/sda rw\n" + Self.unified
        let groups = ControlGroups(membership: "0::/a.slice/b.service\n", mounts: mounts)
        let folders = ["/sys/fs/cgroup", "/sys/fs/cgroup/a.slice", "/sys/fs/cgroup/a.slice/b.service"]
        #expect(groups.limitFiles == folders.flatMap { ["\($0)/memory.max", "\($0)/memory.high"] })
    }

    @Test("of version 1 the hierarchy that has memory counts")
    func version1() {
        let groups = ControlGroups(
            membership: "5:cpu,cpuacct:/x\n4:memory:/docker/1\n0::/\n",
            mounts: Self.processors + Self.memory
        )
        let folder = "/sys/fs/cgroup/memory"
        #expect(
            groups.limitFiles == ["", "/docker", "/docker/1"].map { "\(folder)\($0)/memory.limit_in_bytes" }
        )
    }

    @Test(
        "in a container the mount's root is the container's group, whatever the path says of those above",
        arguments: [
            ("4:memory:/docker/1/x\n", "/docker/1", ["", "/x"]), ("4:memory:/docker/1\n", "/docker/1", [""]),
            ("4:memory:/other\n", "/docker/1", [""]), ("4:memory:/../x\n", "/", [""]), ("", "/", [""]),
            ("nonsense\n:\n::\n", "/", [""]),
        ]
    )
    func container(membership: String, root: String, folders: [String]) {
        let mount = "34 25 0:31 \(root) /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
        let groups = ControlGroups(membership: membership, mounts: mount)
        #expect(groups.limitFiles == folders.map { "/sys/fs/cgroup/memory\($0)/memory.limit_in_bytes" })
    }

    @Test(
        "where nothing can be read there are no files",
        arguments: ["", "1 2 3\n", "a b c d e f - cgroup2\n", "- - - - - - -\n"]
    )
    func nothing(mounts: String) {
        #expect(ControlGroups(membership: "0::/a\n", mounts: mounts).limitFiles.isEmpty)
    }

    @Test(
        "a file says a limit or none",
        arguments: [
            ("268435456\n", 268_435_456), ("max\n", nil), ("", nil), ("0\n", nil), ("-1\n", nil),
            ("9223372036854771712\n", 9_223_372_036_854_771_712), ("18446744073709551615\n", nil),
        ] as [(String, Int?)]
    )
    func limit(text: String, expected: Int?) {
        #expect(ControlGroups.limit(text) == expected)
    }

    @Test("there is a limit, and no more than the machine has")
    func real() {
        #expect(MemoryLimit.bytes > 0)
        #expect(MemoryLimit.bytes < 1 << 50)
    }
}
