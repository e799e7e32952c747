import Vocabulary

/// How often a service manager wants to hear that the program is alive: `WATCHDOG_USEC` and `WATCHDOG_PID` of
/// sd_watchdog_enabled(3). Pure.
public enum WatchdogInterval {
    /// Half of what the manager waits for; nil when it does not watch this process. What is malformed is no watch.
    public static func read(_ environment: [String: String], process: Int32) -> Duration? {
        if let meant = environment["WATCHDOG_PID"], WholeNumber.read(meant, upTo: UInt64(Int32.max)) != UInt64(process)
        {
            return nil
        }
        guard let text = environment["WATCHDOG_USEC"],
            let microseconds = WholeNumber.read(text, upTo: UInt64(Int64.max / 1_000)), microseconds > 0
        else { return nil }
        // Nothing answers faster; a manager that waits for less ends the process whatever it does.
        return max(.milliseconds(5), .microseconds(Int64(microseconds)) / 2)
    }
}
