//! placeholder
pub fn draw(_: &std::path::Path, _: &std::path::Path) -> anyhow::Result<()> {
    Ok(())
}
