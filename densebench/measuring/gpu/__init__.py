"""A GPU's memory, power and clocks, by NVML and by the framework's allocator."""
