package gitsource

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
)

// signalled waits for a signal that something has changed.
func signalled(t *testing.T, wake <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-wake:
	case <-time.After(20 * time.Second):
		t.Fatalf("%s was not noticed", what)
	}
}

// TestANewTokenIsNoticed: each way in which a file gets another content.
func TestANewTokenIsNoticed(t *testing.T) {
	t.Parallel()
	put := func(t *testing.T, file, text string) { must(t, os.WriteFile(file, []byte(text), 0o600)) }
	for name, c := range map[string]struct {
		before, change func(t *testing.T, dir string)
	}{
		"written in place": {
			func(t *testing.T, dir string) { put(t, dir+"/token", "old") },
			func(t *testing.T, dir string) { put(t, dir+"/token", "new") },
		},
		"renamed into place": {
			func(t *testing.T, dir string) { put(t, dir+"/token", "old") },
			func(t *testing.T, dir string) {
				put(t, dir+"/token.tmp", "new")
				must(t, os.Rename(dir+"/token.tmp", dir+"/token"))
			},
		},
		"comes": {
			func(t *testing.T, dir string) {},
			func(t *testing.T, dir string) { put(t, dir+"/token", "new") },
		},
		"comes with its directory": {
			func(t *testing.T, dir string) { must(t, os.Remove(dir)) },
			func(t *testing.T, dir string) { must(t, os.Mkdir(dir, 0o700)); put(t, dir+"/token", "new") },
		},
		"directory replaced": {
			func(t *testing.T, dir string) { put(t, dir+"/token", "old") },
			func(t *testing.T, dir string) {
				must(t, os.Mkdir(dir+".new", 0o700))
				put(t, dir+".new/token", "new")
				must(t, os.Rename(dir, dir+".old"))
				must(t, os.Rename(dir+".new", dir))
			},
		},
		"as Kubernetes does": { // AtomicWriter: token -> ..data/token, ..data -> a directory with a time
			func(t *testing.T, dir string) {
				must(t, os.Mkdir(dir+"/..1", 0o700))
				put(t, dir+"/..1/token", "old")
				must(t, os.Symlink("..1", dir+"/..data"))
				must(t, os.Symlink("..data/token", dir+"/token"))
			},
			func(t *testing.T, dir string) {
				must(t, os.Mkdir(dir+"/..2", 0o700))
				put(t, dir+"/..2/token", "new")
				must(t, os.Symlink("..2", dir+"/..tmp"))
				must(t, os.Rename(dir+"/..tmp", dir+"/..data"))
				must(t, os.RemoveAll(dir+"/..1"))
			},
		},
		"target of a link": {
			func(t *testing.T, dir string) {
				must(t, os.Mkdir(dir+".else", 0o700))
				put(t, dir+".else/secret", "old")
				must(t, os.Symlink(dir+".else/secret", dir+"/token"))
			},
			func(t *testing.T, dir string) { put(t, dir+".else/secret", "new") },
		},
		"goes": {
			func(t *testing.T, dir string) { put(t, dir+"/token", "old") },
			func(t *testing.T, dir string) { must(t, os.Remove(dir+"/token")) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "credentials")
			must(t, os.Mkdir(dir, 0o700))
			c.before(t, dir)
			r := repository(t, "https://git.example.com/fleet.git")
			r.Access.PasswordFile = filepath.Join(dir, "token")
			wake := r.Watch(t.Context())
			c.change(t, dir)
			signalled(t, wake, name)
		})
	}
}

func TestOnlyAnotherContentIsAChange(t *testing.T) {
	t.Parallel()
	token := fileOf(t, []byte("old"))
	w := &fileWatch{files: []string{token, token + "-2"}, notify: value[*fsnotify.Watcher](t)(fsnotify.NewWatcher())}
	defer w.notify.Close()
	if !w.look() {
		t.Error("the first look finds no file")
	}
	must(t, os.WriteFile(token+"-other", []byte("x"), 0o600))
	must(t, os.WriteFile(token, []byte("old"), 0o600))
	if w.look() {
		t.Error("a file that is the same is taken for another")
	}
	must(t, os.WriteFile(token+"-2", []byte("new"), 0o600))
	if !w.look() {
		t.Error("a file that has come is not seen")
	}
}

// TestANewTokenEndsARefusal: the token has expired, somebody writes a new one,
// and the next poll is not waited for.
func TestANewTokenEndsARefusal(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.commit("begin", files{"a.hcl": "one"})
	base, _ := serve(t, authorized("moult", "new", plainServer(t, f)))
	r := repository(t, base+"/fleet.git")
	r.Access.Username, r.Access.PasswordFile = "moult", fileOf(t, []byte("expired\n"))
	wake := r.Watch(t.Context())
	refused(t, r, ErrDenied, "the server answers 401 Unauthorized; check the user, the token and what it may read")
	must(t, os.WriteFile(r.Access.PasswordFile, []byte("new\n"), 0o600))
	noticed(t, r, wake, f.head("main").String())
}
