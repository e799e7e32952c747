import Glibc

/// The sanitizer that may be built into this process.
public enum Sanitizer {
    /// Whether one is: everything takes several times as long then, and much more memory.
    public static let isOn = dlsym(nil, "__asan_init") != nil || dlsym(nil, "__tsan_init") != nil
}
