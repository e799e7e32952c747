import Glibc
public import Metrics
public import Vocabulary

/// What the system says of this process, under the names that Prometheus's own clients use. Any thread.
public struct ProcessMetrics: MetricSource {
    private let startedAt: Timestamp

    /// - Parameter startedAt: when the process began.
    public init(startedAt: Timestamp) { self.startedAt = startedAt }

    public func write(to text: inout MetricsText) {
        text.begin(Self.processorFamily)
        text.sample(nanoseconds: Self.processorNanoseconds)
        text.begin(Self.startFamily)
        text.sample(nanoseconds: startedAt.microseconds.saturatingMultiply(1_000))
        // proc_pid_statm(5): size and resident, in pages.
        let pages = Self.numbers(inFile: "/proc/self/statm")
        if pages.count >= 2 {
            let pageBytes = Int64(sysconf(Int32(_SC_PAGESIZE)))
            text.begin(Self.virtualFamily)
            text.sample(value: pages[0].saturatingMultiply(pageBytes))
            text.begin(Self.residentFamily)
            text.sample(value: pages[1].saturatingMultiply(pageBytes))
        }
        if let count = Self.openDescriptors {
            text.begin(Self.descriptorsFamily)
            text.sample(value: count)
        }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            text.begin(Self.descriptorsMaxFamily)
            text.sample(value: Int64(clamping: limit.rlim_cur))
        }
    }

    /// User and system time of all threads, getrusage(2).
    private static var processorNanoseconds: Int64 {
        var usage = rusage()
        guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
        return [usage.ru_utime, usage.ru_stime].reduce(0) { sum, time in
            sum.saturatingAdd(Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_usec) * 1_000)
        }
    }

    /// The entries of the folder, but for its own descriptor.
    private static var openDescriptors: Int64? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count: Int64 = 0
        while let entry = readdir(folder) {
            // The names are numbers, beside `.` and `..`.
            if entry.pointee.d_name.0 != CChar(bitPattern: UInt8(ascii: ".")) { count += 1 }
        }
        return count - 1
    }

    private static func numbers(inFile path: String) -> [Int64] {
        guard let file = fopen(path, "re") else { return [] }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = fread(&buffer, 1, buffer.count, file)
        return String(decoding: buffer[..<count], as: UTF8.self).split(separator: " ").compactMap { Int64($0) }
    }

    private static let processorFamily = MetricFamily(
        .counter,
        "process_cpu_seconds_total",
        "User and system time that the process has used."
    )
    private static let startFamily = MetricFamily(
        .gauge,
        "process_start_time_seconds",
        "When the process began, since the Unix epoch."
    )
    private static let virtualFamily = MetricFamily(
        .gauge,
        "process_virtual_memory_bytes",
        "Address space of the process."
    )
    private static let residentFamily = MetricFamily(
        .gauge,
        "process_resident_memory_bytes",
        "Memory of the process that is in use."
    )
    private static let descriptorsFamily = MetricFamily(.gauge, "process_open_fds", "Descriptors that are open.")
    private static let descriptorsMaxFamily = MetricFamily(.gauge, "process_max_fds", "Descriptors that may be open.")
}
